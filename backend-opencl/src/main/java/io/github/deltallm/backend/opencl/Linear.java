package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

/**
 * A matrix times rows of activations: one row at a time, several that share what was decoded, or
 * tiles, whichever suits the number of rows and the device.
 */
final class Linear implements AutoCloseable {
    /** Up to so many rows are multiplied one by one where the alternative is tiles. */
    private static final int FEW = 4;

    private final ClQueue queue;
    private final KernelShape shape;
    private final int outputs;
    private final Resources resources = new Resources();
    private final ClKernel single;
    private final ClKernel several;
    private final boolean tiled;
    private final int groupRows;

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
        shape = device.shape();
        outputs = weight.tensor().rows();
        boolean done = false;
        try {
            tiled = shape.tile() > 0;
            single = kernel(device, weight, 1, "linear_rows");
            several = kernel(device, weight, shape.rows(), tiled ? "linear_tiles" : "linear_rows");
            for (ClKernel kernel : new ClKernel[] {single, several}) {
                weight.set(kernel);
                kernel.arg(3, weight.scale())
                        .arg(4, bias == null ? out : bias)
                        .arg(5, bias == null ? 0 : 1)
                        .arg(6, weight.tensor().columns())
                        .arg(7, outputs)
                        .arg(8, in)
                        .arg(10, out);
            }
            groupRows = groupRows(tiled ? single : several);
            share(single);
            if (!tiled) {
                share(several);
            }
            done = true;
        } finally {
            if (!done) {
                resources.close();
            }
        }
    }

    private ClKernel kernel(OpenClDevice device, WeightBuffer weight, int rows, String name) {
        String options = shape.options(rows) + " " + weight.option();
        return resources.add(
                device.programs().program(options, "decode.cl", "linear.cl").kernel(name));
    }

    /** Outputs of a group, as many as the kernel's registers allow. */
    private int groupRows(ClKernel kernel) {
        return Math.max(1, Math.min(shape.groupRows(), kernel.maxGroup() / shape.lanes()));
    }

    private void share(ClKernel kernel) {
        kernel.local(11, 4L * shape.lanes() * groupRows);
    }

    void enqueue(int rows) {
        if (rows == 1 || (tiled && rows <= FEW)) {
            rows(single, rows, rows);
        } else if (tiled) {
            int side = shape.tile() / 4;
            int tile = shape.tile();
            several.arg(9, rows);
            queue.launch2(
                    several,
                    (long) side * ((outputs + tile - 1) / tile),
                    (long) side * ((rows + tile - 1) / tile),
                    side,
                    side);
        } else {
            rows(several, rows, (rows + shape.rows() - 1) / shape.rows());
        }
    }

    private void rows(ClKernel kernel, int rows, int groups) {
        kernel.arg(9, rows);
        queue.launch3(kernel, shape.lanes(), outputs, groups, shape.lanes(), groupRows, 1);
    }

    @Override
    public void close() {
        resources.close();
    }
}
