package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** A ternary matrix times rows rounded to 8 bits, see {@link TernaryInput}. */
final class TernaryLinear implements AutoCloseable {
    private final Resources resources = new Resources();
    private final List<RowKernels> products = new ArrayList<>();

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
        try {
            for (WeightPart part : weight.parts()) {
                RowKernels rowKernels =
                        new RowKernels(
                                device,
                                queue,
                                weight,
                                part.rows(),
                                1,
                                together,
                                "ternary_rows",
                                "ternary.cl");
                products.add(resources.add(rowKernels, rowKernels::close));
                for (ClKernel kernel : rowKernels.all()) {
                    weight.set(kernel, part);
                    kernel.arg(3, scales)
                            .arg(4, bias == null ? scales : bias)
                            .arg(5, bias == null ? 0 : 1)
                            .arg(6, weight.tensor().columns())
                            .arg(7, part.rows())
                            .arg(8, in.steps())
                            .arg(9, in.factors())
                            .arg(11, out)
                            .arg(12, part.first())
                            .arg(13, weight.tensor().rows())
                            .local(14, rowKernels.localBytes());
                }
            }
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    void enqueue(int rows) {
        for (int i = 0; i < products.size(); i++) {
            products.get(i).enqueue(10, rows);
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
