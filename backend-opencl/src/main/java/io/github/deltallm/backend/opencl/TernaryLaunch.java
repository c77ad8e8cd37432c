package io.github.deltallm.backend.opencl;

import java.util.List;

/** Rounds rows to 8 bits once and multiplies them with all matrices that take them. */
final class TernaryLaunch implements Launch {
    private final ClQueue queue;
    private final KernelShape shape;
    private final ClKernel quantise;
    private final List<TernaryLinear> linears;

    /**
     * @param in the rows before rounding
     * @param width a multiple of 32
     * @param weight any of the matrices
     * @param linears closed with this
     */
    TernaryLaunch(
            OpenClDevice device,
            ClQueue queue,
            ClBuffer in,
            int width,
            WeightBuffer weight,
            TernaryInput rounded,
            List<TernaryLinear> linears) {
        this.queue = queue;
        this.linears = List.copyOf(linears);
        shape = device.shape().withoutTiles();
        quantise =
                device.programs()
                        .program(
                                shape.options(1) + " " + weight.option(), "decode.cl", "ternary.cl")
                        .kernel("quantise");
        quantise.arg(0, in)
                .arg(1, width)
                .arg(3, rounded.steps())
                .arg(4, rounded.factors())
                .local(5, 4L * shape.lanes());
    }

    @Override
    public void enqueue(StepState step) {
        int rows = step.rows();
        queue.launch2(quantise.arg(2, rows), shape.lanes(), rows, shape.lanes(), 1);
        for (TernaryLinear linear : linears) {
            linear.enqueue(rows);
        }
    }

    @Override
    public void close() {
        quantise.close();
        linears.forEach(TernaryLinear::close);
    }
}
