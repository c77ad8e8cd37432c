package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

/** A ternary matrix times rows rounded to 8 bits, see {@link TernaryInput}. */
final class TernaryLinear implements AutoCloseable {
    private final RowKernels rowKernels;

    /**
     * @param scales see {@link io.github.deltallm.api.spi.TernaryScales}
     * @param bias fp32, or null
     * @param out {@code [rows, outputs]}
     */
    TernaryLinear(
            OpenClDevice device,
            ClQueue queue,
            WeightBuffer weight,
            ClBuffer scales,
            @Nullable ClBuffer bias,
            TernaryInput in,
            ClBuffer out) {
        int together = device.shape().rows();
        rowKernels = new RowKernels(device, queue, weight, together, "ternary_rows", "ternary.cl");
        boolean done = false;
        try {
            for (ClKernel kernel : rowKernels.all()) {
                weight.set(kernel);
                kernel.arg(3, scales)
                        .arg(4, bias == null ? scales : bias)
                        .arg(5, bias == null ? 0 : 1)
                        .arg(6, weight.tensor().columns())
                        .arg(7, weight.tensor().rows())
                        .arg(8, in.steps())
                        .arg(9, in.factors())
                        .arg(11, out)
                        .local(12, rowKernels.localBytes());
            }
            done = true;
        } finally {
            if (!done) {
                rowKernels.close();
            }
        }
    }

    void enqueue(int rows) {
        rowKernels.enqueue(10, rows);
    }

    @Override
    public void close() {
        rowKernels.close();
    }
}
