package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import io.github.deltallm.api.spi.RotaryEmbedding;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Sines and cosines of a step's positions, shared by all layers.
 *
 * <p>A row holds a factor for each rotated channel and one for its partner: {@code out[c] = x[c] *
 * own[c] + x[partner] * other[c]}.
 */
final class RotaryTable {
    private static final VectorShuffle<Float> NEIGHBOUR = VectorShuffle.fromOp(F, lane -> lane ^ 1);

    private final double[] frequencies;
    private final boolean halves;
    private final int dimensions;
    private final long stride;
    private final MemorySegment table;

    RotaryTable(RotaryEmbedding embedding, int rows, Arena arena) {
        frequencies = embedding.frequencies();
        halves = embedding.pairing() == RotaryEmbedding.Pairing.HALVES;
        dimensions = embedding.dimensions();
        stride = 8L * dimensions;
        table = Native.allocate(arena, Math.max(1, rows * stride), "rotary tables");
    }

    /** Computes a row of the table. */
    void compute(int row, int position) {
        long own = row * stride;
        long other = own + 4L * dimensions;
        for (int i = 0; i < frequencies.length; i++) {
            double angle = position * frequencies[i];
            float cos = (float) Math.cos(angle);
            float sin = (float) Math.sin(angle);
            int first = halves ? i : 2 * i;
            int second = halves ? i + frequencies.length : first + 1;
            table.set(FLOAT, own + 4L * first, cos);
            table.set(FLOAT, own + 4L * second, cos);
            table.set(FLOAT, other + 4L * first, -sin);
            table.set(FLOAT, other + 4L * second, sin);
        }
    }

    /** Rotates one head in place. */
    void rotate(int row, MemorySegment data, long at) {
        if (halves) {
            rotateHalves(row * stride, data, at);
        } else {
            rotateNeighbours(row * stride, data, at);
        }
    }

    private void rotateHalves(long own, MemorySegment data, long at) {
        long other = own + 4L * dimensions;
        int half = dimensions / 2;
        int c = 0;
        for (; c + N <= half; c += N) {
            long i = 4L * c;
            long j = 4L * (c + half);
            FloatVector x = FloatVector.fromMemorySegment(F, data, at + i, NATIVE);
            FloatVector y = FloatVector.fromMemorySegment(F, data, at + j, NATIVE);
            FloatVector cos = FloatVector.fromMemorySegment(F, table, own + i, NATIVE);
            FloatVector sin = FloatVector.fromMemorySegment(F, table, other + j, NATIVE);
            x.mul(cos).sub(y.mul(sin)).intoMemorySegment(data, at + i, NATIVE);
            y.mul(cos).add(x.mul(sin)).intoMemorySegment(data, at + j, NATIVE);
        }
        for (; c < half; c++) {
            pair(own, data, at, c, c + half);
        }
    }

    private void rotateNeighbours(long own, MemorySegment data, long at) {
        long other = own + 4L * dimensions;
        int c = 0;
        for (; c + N <= dimensions; c += N) {
            long i = 4L * c;
            FloatVector x = FloatVector.fromMemorySegment(F, data, at + i, NATIVE);
            FloatVector cos = FloatVector.fromMemorySegment(F, table, own + i, NATIVE);
            FloatVector sin = FloatVector.fromMemorySegment(F, table, other + i, NATIVE);
            x.mul(cos).add(x.rearrange(NEIGHBOUR).mul(sin)).intoMemorySegment(data, at + i, NATIVE);
        }
        for (; c < dimensions; c += 2) {
            pair(own, data, at, c, c + 1);
        }
    }

    private void pair(long own, MemorySegment data, long at, int first, int second) {
        float cos = table.get(FLOAT, own + 4L * first);
        float sin = table.get(FLOAT, own + 4L * (dimensions + second));
        float x = data.get(FLOAT, at + 4L * first);
        float y = data.get(FLOAT, at + 4L * second);
        data.set(FLOAT, at + 4L * first, x * cos - y * sin);
        data.set(FLOAT, at + 4L * second, y * cos + x * sin);
    }
}
