package io.github.deltallm.backend.opencl;

import java.util.List;

/** Rounds rows to 8 bits once and multiplies them with all matrices that take them. */
final class TernaryLaunch implements Launch {
    private final ClQueue queue;
    private final int lanes;
    private final ClKernel quantise;
    private final List<TernaryLinear> linears;

    /**
     * @param resources closes the kernel that rounds
     * @param in the rows before rounding
     * @param width a multiple of 32
     * @param weight any of the matrices
     * @param linears the matrices, which stay the caller's to close
     */
    TernaryLaunch(
            OpenClDevice device,
            ClQueue queue,
            Resources resources,
            ClBuffer in,
            int width,
            WeightBuffer weight,
            TernaryInput rounded,
            List<TernaryLinear> linears) {
        this.queue = queue;
        this.linears = List.copyOf(linears);
        FittedKernel fitted =
                FittedKernel.lanes(
                        device,
                        device.shape().withoutTiles(),
                        1,
                        weight.option(),
                        "quantise",
                        "decode.cl",
                        "ternary.cl");
        quantise = resources.add(fitted.kernel());
        lanes = fitted.shape().lanes();
        quantise.arg(0, in)
                .arg(1, width)
                .arg(3, rounded.steps())
                .arg(4, rounded.factors())
                .local(5, 4L * lanes);
    }

    @Override
    public void enqueue(StepState step) {
        int rows = step.rows();
        queue.launch2(quantise.arg(2, rows), lanes, rows, lanes, 1);
        for (TernaryLinear linear : linears) {
            linear.enqueue(rows);
        }
    }
}
