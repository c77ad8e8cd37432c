package io.github.deltallm.backend.opencl;

/** Looks rows of a table up. */
final class EmbedLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int units;

    /**
     * @param resources closes the kernel
     * @param tokens which row, an int each
     * @param out {@code [rows, columns]}
     */
    EmbedLaunch(
            OpenClDevice device,
            ClQueue queue,
            Resources resources,
            WeightBuffer table,
            ClBuffer tokens,
            ClBuffer out,
            int columns) {
        this.queue = queue;
        units = (columns + 31) / 32;
        String options = device.shape().options(1) + " " + table.option();
        kernel =
                resources.add(
                        device.programs()
                                .program(options, "decode.cl", "linear.cl")
                                .kernel("embed"));
        table.set(kernel);
        kernel.arg(3, table.scale()).arg(4, tokens).arg(5, columns).arg(7, out);
    }

    @Override
    public void enqueue(StepState step) {
        enqueue(step.rows());
    }

    void enqueue(int rows) {
        queue.launch2(kernel.arg(6, rows), units, rows, 1, 1);
    }
}
