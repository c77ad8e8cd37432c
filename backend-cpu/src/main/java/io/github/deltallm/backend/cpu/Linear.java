package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.spi.Tensor;

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
final class Linear implements Product, PanelProduct.Source {
    /** The most rows of x for which reading the weights once a row beats the blocked product. */
    private static final int FEW = 8;

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
        this(weight, offHeap(weight, arena), bias, arena);
    }

    /**
     * @param data the weight's bytes, or a copy of them
     */
    Linear(Tensor weight, MemorySegment data, Optional<Tensor> bias, Arena arena) {
        this.weight = weight;
        this.data = data;
        decoder = Decoder.of(weight);
        matVec = MatVec.of(weight.type()).orElse(null);
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

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public int unit() {
        return 16;
    }

    @Override
    public Form form(int xRows) {
        return xRows <= FEW ? Form.PLAIN : Form.PACKED;
    }

    @Override
    public void multiply(Worker worker, Inputs x, int xRows, int from, int to, Rows out) {
        if (xRows > FEW) {
            PanelProduct.multiply(worker, this, bias, x.packed(), xRows, from, to, out);
        } else if (xRows == 1 && matVec != null) {
            one(worker, matVec, x.in(), from, to, out);
        } else {
            few(worker, x.in(), xRows, from, to, out);
        }
    }

    /** Decodes one row of the weight. */
    void decode(int row, float[] out, int to) {
        decoder.row(data, row * rowBytes, columns, out, to);
    }

    private void few(Worker worker, Rows x, int xRows, int from, int to, Rows out) {
        int stride = Worker.panelStride(columns);
        for (int row = from; row < to; row += 4) {
            int count = Math.min(4, to - row);
            decode(row, count, worker.panel, stride);
            for (int i = 0; i < xRows; ) {
                i += dots(worker, stride, x, i, xRows - i, out, row, count);
            }
        }
    }

    private void one(Worker worker, MatVec kernel, Rows x, int from, int to, Rows out) {
        float[] sums = worker.sums;
        float[] four = worker.four;
        for (int row = from; row < to; row += 4) {
            int count = Math.min(4, to - row);
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

    @Override
    public void decode(Worker worker, int row, int count, float[] panel, int stride) {
        decode(row, count, panel, stride);
    }

    private void decode(int row, int count, float[] panel, int stride) {
        int padded = Lanes.padded(columns);
        for (int r = 0; r < count; r++) {
            decoder.row(data, (row + r) * rowBytes, columns, panel, r * stride);
            if (padded > columns) {
                Arrays.fill(panel, r * stride + columns, r * stride + padded, 0);
            }
        }
    }
}
