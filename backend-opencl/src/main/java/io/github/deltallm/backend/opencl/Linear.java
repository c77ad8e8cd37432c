package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * A matrix times rows of activations: one row at a time, several that share what was decoded, or
 * tiles, whichever suits the number of rows and the device.
 */
final class Linear implements AutoCloseable {
    /** Up to so many rows are multiplied one by one where the alternative is tiles. */
    private static final int FEW = 4;

    private static final int ROWS = 9;

    private final ClQueue queue;
    private final int outputs;
    private final Resources resources = new Resources();
    private final RowKernels rowKernels;
    private final @Nullable FittedKernel tiles;

    /**
     * @param bias fp32, or null
     * @param in {@code [rows, columns]}
     * @param out {@code [rows, outputs]}
     */
    Linear(
            OpenClDevice device,
            ClQueue queue,
            WeightBuffer weight,
            @Nullable ClBuffer bias,
            ClBuffer in,
            ClBuffer out) {
        this.queue = queue;
        outputs = weight.tensor().rows();
        boolean done = false;
        try {
            Optional<FittedKernel> tiled = FittedKernel.tiles(device, weight);
            tiled.ifPresent(fitted -> resources.add(fitted.kernel()));
            int together = tiled.isPresent() ? 1 : device.shape().rows();
            rowKernels =
                    new RowKernels(device, queue, weight, together, "linear_rows", "linear.cl");
            resources.add(rowKernels, rowKernels::close);
            for (ClKernel kernel : rowKernels.all()) {
                set(kernel, weight, bias, in, out);
                kernel.local(11, rowKernels.localBytes());
            }
            tiled.ifPresent(fitted -> set(fitted.kernel(), weight, bias, in, out));
            tiles = tiled.orElse(null);
            done = true;
        } finally {
            if (!done) {
                resources.close();
            }
        }
    }

    private static void set(
            ClKernel kernel,
            WeightBuffer weight,
            @Nullable ClBuffer bias,
            ClBuffer in,
            ClBuffer out) {
        weight.set(kernel);
        kernel.arg(3, weight.scale())
                .arg(4, bias == null ? out : bias)
                .arg(5, bias == null ? 0 : 1)
                .arg(6, weight.tensor().columns())
                .arg(7, weight.tensor().rows())
                .arg(8, in)
                .arg(10, out);
    }

    void enqueue(int rows) {
        if (tiles == null || rows <= FEW) {
            rowKernels.enqueue(ROWS, rows);
            return;
        }
        int tile = tiles.shape().tile();
        int side = tile / 4;
        queue.launch2(
                tiles.kernel().arg(ROWS, rows),
                (long) side * Math.ceilDiv(outputs, tile),
                (long) side * Math.ceilDiv(rows, tile),
                side,
                side);
    }

    @Override
    public void close() {
        resources.close();
    }
}
