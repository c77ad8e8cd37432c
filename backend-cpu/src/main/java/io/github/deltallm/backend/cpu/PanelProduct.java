package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.N;

import jdk.incubator.vector.FloatVector;

import java.util.Arrays;

/** The product of decoded weight rows, a panel of them at a time, and packed activations. */
final class PanelProduct {
    /** Decodes weights. */
    interface Source {
        int columns();

        /**
         * Decodes {@code count} rows; up to 15 rows more may be written, if the matrix ends there.
         *
         * @param row a multiple of 16
         * @param stride distance of rows in the panel
         */
        void decode(Worker worker, int row, int count, float[] panel, int stride);
    }

    private PanelProduct() {}

    /**
     * Computes the outputs from {@code from}, a multiple of 16, to {@code to}.
     *
     * @param bias of all outputs, padded to 16
     */
    static void multiply(
            Worker worker,
            Source weight,
            float[] bias,
            Packed x,
            int xRows,
            int from,
            int to,
            Rows out) {
        int columns = weight.columns();
        int stride = Worker.panelStride(columns);
        for (int row = from; row < to; row += Worker.PANEL_ROWS) {
            int count = Math.min(Worker.PANEL_ROWS, to - row);
            weight.decode(worker, row, count, worker.panel, stride);
            // Outputs are stored in squares of lanes, and their padding must be zero.
            int full = Lanes.padded(count);
            int whole = Lanes.ceilDiv(full, Tiles.ROWS) * Tiles.ROWS;
            Arrays.fill(worker.panel, count * stride, whole * stride, 0);
            int registers = Lanes.ceilDiv(xRows, N);
            for (int register = 0; register < registers; ) {
                int width = Tiles.packedWidth(registers - register);
                begin(worker, bias, row, full, whole, width);
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
    private static void begin(
            Worker worker, float[] bias, int row, int full, int whole, int width) {
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
