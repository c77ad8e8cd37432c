package io.github.deltallm.backend.opencl;

import java.util.ArrayList;
import java.util.List;

/** Looks rows of a table up. */
final class EmbedLaunch implements Launch {
    private final ClQueue queue;
    private final List<ClKernel> kernels = new ArrayList<>();
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
        ClProgram program = device.programs().program(options, "decode.cl", "linear.cl");
        for (WeightPart part : table.parts()) {
            ClKernel kernel = resources.add(program.kernel("embed"));
            table.set(kernel, part);
            kernel.arg(3, table.scale()).arg(4, tokens).arg(5, columns).arg(7, out);
            kernel.arg(8, part.first()).arg(9, part.rows());
            kernels.add(kernel);
        }
    }

    @Override
    public void enqueue(StepState step) {
        enqueue(step.rows());
    }

    void enqueue(int rows) {
        for (int i = 0; i < kernels.size(); i++) {
            queue.launch2(kernels.get(i).arg(6, rows), units, rows, 1, 1);
        }
    }
}
