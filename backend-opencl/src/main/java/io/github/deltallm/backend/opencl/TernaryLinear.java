package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

/** A ternary matrix times rows rounded to 8 bits, see {@link TernaryInput}. */
final class TernaryLinear implements AutoCloseable {
    private final ClQueue queue;
    private final KernelShape shape;
    private final int outputs;
    private final Resources resources = new Resources();
    private final ClKernel single;
    private final ClKernel several;
    private final int groupRows;

    /**
     * @param scales see {@link TernaryScales}
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
        this.queue = queue;
        shape = device.shape().withoutTiles();
        outputs = weight.tensor().rows();
        boolean done = false;
        try {
            single = kernel(device, weight, 1);
            several = kernel(device, weight, shape.rows());
            groupRows =
                    Math.max(1, Math.min(shape.groupRows(), several.maxGroup() / shape.lanes()));
            for (ClKernel kernel : new ClKernel[] {single, several}) {
                weight.set(kernel);
                kernel.arg(3, scales)
                        .arg(4, bias == null ? scales : bias)
                        .arg(5, bias == null ? 0 : 1)
                        .arg(6, weight.tensor().columns())
                        .arg(7, outputs)
                        .arg(8, in.steps())
                        .arg(9, in.factors())
                        .arg(11, out)
                        .local(12, 4L * shape.lanes() * groupRows);
            }
            done = true;
        } finally {
            if (!done) {
                resources.close();
            }
        }
    }

    private ClKernel kernel(OpenClDevice device, WeightBuffer weight, int rows) {
        String options = shape.options(rows) + " " + weight.option();
        return resources.add(
                device.programs()
                        .program(options, "decode.cl", "ternary.cl")
                        .kernel("ternary_rows"));
    }

    void enqueue(int rows) {
        ClKernel kernel = rows == 1 ? single : several;
        int together = rows == 1 ? 1 : shape.rows();
        queue.launch3(
                kernel.arg(10, rows),
                shape.lanes(),
                outputs,
                (rows + together - 1) / together,
                shape.lanes(),
                groupRows,
                1);
    }

    @Override
    public void close() {
        resources.close();
    }
}
