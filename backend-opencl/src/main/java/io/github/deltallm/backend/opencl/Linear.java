package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
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
    private final Resources resources = new Resources();
    private final List<Product> products = new ArrayList<>();

    /** The kernels of some of the outputs. */
    private record Product(RowKernels rowKernels, @Nullable FittedKernel tiles, int outputs) {}

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
        try {
            for (WeightPart part : weight.parts()) {
                products.add(product(device, weight, part, bias, in, out));
            }
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    private Product product(
            OpenClDevice device,
            WeightBuffer weight,
            WeightPart part,
            @Nullable ClBuffer bias,
            ClBuffer in,
            ClBuffer out) {
        Optional<FittedKernel> tiled = FittedKernel.tiles(device, weight);
        tiled.ifPresent(fitted -> resources.add(fitted.kernel()));
        int together = tiled.isPresent() ? 1 : device.shape().rows();
        RowKernels rowKernels =
                new RowKernels(
                        device,
                        queue,
                        weight,
                        part.rows(),
                        device.shape().outputs(),
                        together,
                        "linear_rows",
                        "linear.cl");
        resources.add(rowKernels, rowKernels::close);
        for (ClKernel kernel : rowKernels.all()) {
            set(kernel, weight, part, bias, in, out);
            kernel.local(13, rowKernels.localBytes());
        }
        tiled.ifPresent(fitted -> set(fitted.kernel(), weight, part, bias, in, out));
        return new Product(rowKernels, tiled.orElse(null), part.rows());
    }

    private static void set(
            ClKernel kernel,
            WeightBuffer weight,
            WeightPart part,
            @Nullable ClBuffer bias,
            ClBuffer in,
            ClBuffer out) {
        weight.set(kernel, part);
        kernel.arg(3, weight.scale())
                .arg(4, bias == null ? out : bias)
                .arg(5, bias == null ? 0 : 1)
                .arg(6, weight.tensor().columns())
                .arg(7, part.rows())
                .arg(8, in)
                .arg(10, out)
                .arg(11, part.first())
                .arg(12, weight.tensor().rows());
    }

    void enqueue(int rows) {
        for (int i = 0; i < products.size(); i++) {
            enqueue(products.get(i), rows);
        }
    }

    private void enqueue(Product product, int rows) {
        FittedKernel tiles = product.tiles();
        if (tiles == null || rows <= FEW) {
            product.rowKernels().enqueue(ROWS, rows);
            return;
        }
        int tile = tiles.shape().tile();
        int outputItems = tile / 4;
        int rowItems = tile / 8;
        queue.launch2(
                tiles.kernel().arg(ROWS, rows),
                (long) outputItems * Math.ceilDiv(product.outputs(), tile),
                (long) rowItems * Math.ceilDiv(rows, tile),
                outputItems,
                rowItems);
    }

    @Override
    public void close() {
        resources.close();
    }
}
