package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of activations as BitNet b1.58 rounds them: {@code s = 127 / max|x|}, {@code q =
 * round_half_even(x * s)}. Blocks of 256 columns lie {@link #BLOCK_BYTES} apart, zeros between.
 */
final class TernaryRows {
    /** Distance of blocks: shorts for 256 columns and for what fills the last words. */
    static final int BLOCK_BYTES = 2 * 264;

    /** Adding it leaves a float's nearest integer, of two equally near ones the even one. */
    private static final float ROUND = 0x1.8p23f;

    private final MemorySegment data;
    private final float[] scales;
    private final long rowBytes;

    /**
     * @param columns of the longest row
     */
    TernaryRows(Arena arena, int rows, int columns) {
        rowBytes = (long) Lanes.ceilDiv(columns, TernaryWeight.BLOCK) * BLOCK_BYTES;
        data = Native.allocate(arena, rowBytes * rows, "quantised activations");
        scales = new float[rows];
    }

    MemorySegment data() {
        return data;
    }

    /** Offset of a row's block. */
    long at(int row, int block) {
        return row * rowBytes + (long) block * BLOCK_BYTES;
    }

    /** What a row was multiplied by: infinite for a row of zeros; 0 or NaN for one not finite. */
    float scale(int row) {
        return scales[row];
    }

    /** Rounds a row, whose length is a multiple of 128. */
    void quantise(Rows in, int row) {
        float scale = 127 / largest(in, row);
        scales[row] = scale;
        boolean usual = scale > 0 && scale < Float.POSITIVE_INFINITY;
        for (int block = 0, c = 0; c < in.width(); block++, c += TernaryWeight.BLOCK) {
            int count = Math.min(TernaryWeight.BLOCK, in.width() - c);
            round(in.data(), in.at(row) + 4L * c, usual ? scale : 0, at(row, block), count);
        }
    }

    private static float largest(Rows in, int row) {
        FloatVector largest = FloatVector.zero(F);
        long at = in.at(row);
        for (int c = 0; c < in.width(); c += N) {
            FloatVector x = FloatVector.fromMemorySegment(F, in.data(), at + 4L * c, NATIVE);
            largest = largest.max(x.abs());
        }
        return largest.reduceLanes(MAX);
    }

    private void round(MemorySegment in, long from, float scale, long to, int count) {
        for (int c = 0; c < count; c += N) {
            FloatVector x = FloatVector.fromMemorySegment(F, in, from + 4L * c, NATIVE);
            FloatVector rounded = x.mul(scale).add(ROUND).sub(ROUND);
            ((ShortVector) rounded.convertShape(F2I, Lanes.I, 0).convertShape(I2S, H, 0))
                    .intoMemorySegment(data, to + 2L * c, NATIVE);
        }
        for (long at = to + 2L * count; at < to + BLOCK_BYTES; at += 2) {
            data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) 0);
        }
    }
}
