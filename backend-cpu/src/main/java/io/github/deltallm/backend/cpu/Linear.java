package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.spi.Tensor;

import jdk.incubator.vector.FloatVector;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;

/**
 * A weight matrix and how to multiply by it: few rows of x straight from the mapped bytes, many as
 * a blocked matrix product over decoded panels. Each result is summed in an order that depends on
 * neither the thread nor its share.
 */
final class Linear {
    /** The most rows of x for which reading the weights once a row beats the blocked product. */
    static final int FEW = 8;

    private final Tensor weight;
    private final MemorySegment data;
    private final int rows;
    private final int columns;
    private final long rowBytes;
    private final Decoder decoder;
    private final @Nullable MatVec matVec;
    private final float[] bias;

    /**
     * @param arena takes a copy of a weight that lies on the heap
     */
    Linear(Tensor weight, Optional<Tensor> bias, Arena arena) {
        this.weight = weight;
        decoder = Decoder.of(weight);
        matVec = MatVec.of(weight.type()).orElse(null);
        data = offHeap(weight, arena);
        rows = weight.rows();
        columns = weight.columns();
        rowBytes = weight.rowBytes();
        this.bias = new float[Lanes.padded(rows)];
        bias.ifPresent(
                tensor -> Decoder.of(tensor).row(offHeap(tensor, arena), 0, rows, this.bias, 0));
    }

    /** Kernels are compiled for native segments only: one on the heap would slow all of them. */
    static MemorySegment offHeap(Tensor weight, Arena arena) {
        MemorySegment data = weight.data();
        if (data.isNative()) {
            return data;
        }
        MemorySegment copy =
                Native.allocate(arena, data.byteSize(), "a copy of the tensor " + weight.name());
        return copy.copyFrom(data);
    }

    /** Whether this was made for a tensor. */
    boolean isOf(Tensor tensor) {
        return tensor.equals(weight);
    }

    /** Outputs. */
    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /** Decodes one row of the weight. */
    void decode(int row, float[] out, int to) {
        decoder.row(data, row * rowBytes, columns, out, to);
    }

    /** The first output of a member's share. */
    int first(Worker worker) {
        return worker.first(Lanes.ceilDiv(rows, 16)) * 16;
    }

    int end(Worker worker) {
        return Math.min(rows, worker.end(Lanes.ceilDiv(rows, 16)) * 16);
    }

    /** A member's share of the outputs for up to {@link #FEW} rows of x. */
    void few(Worker worker, Rows x, int xRows, Rows out) {
        if (matVec != null && xRows == 1) {
            one(worker, matVec, x, out);
            return;
        }
        int stride = Worker.panelStride(columns);
        int end = end(worker);
        for (int row = first(worker); row < end; row += 4) {
            int count = Math.min(4, end - row);
            decodeRows(row, count, worker.panel, stride);
            for (int i = 0; i < xRows; ) {
                i += dots(worker, stride, x, i, xRows - i, out, row, count);
            }
        }
    }

    private void one(Worker worker, MatVec kernel, Rows x, Rows out) {
        float[] sums = worker.sums;
        float[] four = worker.four;
        int end = end(worker);
        for (int row = first(worker); row < end; row += 4) {
            int count = Math.min(4, end - row);
            for (int r = 0; r < count; r++) {
                kernel.row(data, (row + r) * rowBytes, columns, x.data(), 0, sums, r * N);
            }
            Sums.four(sums, 0, four, 0);
            store(four, count, out, 0, row);
        }
    }

    /** Returns how many rows of x were done. */
    private int dots(
            Worker worker, int stride, Rows x, int i, int left, Rows out, int row, int count) {
        float[] sums = worker.sums;
        int padded = Lanes.padded(columns);
        int done = left > 2 ? Math.min(4, left) : left;
        if (left > 2) {
            Dots.rows4(worker.panel, stride, padded, x.data(), x.at(i), x.stride(), sums);
        } else if (left == 2) {
            Dots.rows2(worker.panel, stride, padded, x.data(), x.at(i), x.stride(), sums);
        } else {
            Dots.rows1(worker.panel, stride, padded, x.data(), x.at(i), x.stride(), sums);
        }
        for (int j = 0; j < done; j++) {
            Sums.four(sums, j * 4 * N, worker.four, 0);
            store(worker.four, count, out, i + j, row);
        }
        return done;
    }

    private void store(float[] values, int count, Rows out, int i, int row) {
        long at = out.at(i) + 4L * row;
        for (int r = 0; r < count; r++) {
            out.data().set(FLOAT, at + 4L * r, values[r] + bias[row + r]);
        }
    }

    private void decodeRows(int row, int count, float[] panel, int stride) {
        int padded = Lanes.padded(columns);
        for (int r = 0; r < count; r++) {
            decoder.row(data, (row + r) * rowBytes, columns, panel, r * stride);
            if (padded > columns) {
                Arrays.fill(panel, r * stride + columns, r * stride + padded, 0);
            }
        }
    }

    /** A member's share of the outputs for many rows of x. */
    void many(Worker worker, Packed x, int xRows, Rows out) {
        int stride = Worker.panelStride(columns);
        int end = end(worker);
        for (int row = first(worker); row < end; row += Worker.PANEL_ROWS) {
            int count = Math.min(Worker.PANEL_ROWS, end - row);
            decodeRows(row, count, worker.panel, stride);
            // Outputs are stored in squares of lanes, and their padding must be zero.
            int full = Lanes.padded(count);
            int whole = Lanes.ceilDiv(full, Tiles.ROWS) * Tiles.ROWS;
            Arrays.fill(worker.panel, count * stride, whole * stride, 0);
            int registers = Lanes.ceilDiv(xRows, N);
            for (int register = 0; register < registers; ) {
                int width = Tiles.width(registers - register);
                begin(worker, row, full, whole, width);
                Tiles.accumulate(
                        width,
                        x.data(),
                        Packed.block(register, columns),
                        columns,
                        worker.panel,
                        0,
                        stride,
                        whole,
                        worker.tile,
                        0);
                finish(worker, row, full, register, width, out);
                register += width;
            }
        }
    }

    /** Fills the accumulators with the bias. */
    private void begin(Worker worker, int row, int full, int whole, int width) {
        int at = 0;
        for (int r = 0; r < whole; r++) {
            FloatVector start = FloatVector.broadcast(F, r < full ? bias[row + r] : 0);
            for (int v = 0; v < width; v++, at += N) {
                start.intoArray(worker.tile, at);
            }
        }
    }

    private static void finish(
            Worker worker, int row, int full, int register, int width, Rows out) {
        int stride = width * N;
        for (int v = 0; v < width; v++) {
            long to = out.at((register + v) * N) + 4L * row;
            for (int r = 0; r < full; r += N) {
                Transpose.tile(
                        worker.tile,
                        r * stride + v * N,
                        stride,
                        out.data(),
                        to + 4L * r,
                        out.stride(),
                        worker.square);
            }
        }
    }
}
