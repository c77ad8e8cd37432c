package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;

/** Root-mean-square normalisation of runs as wide as the weight. */
final class NormLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int lanes;
    private final int runs;

    /**
     * @param resources closes the kernel
     * @param weight fp32
     */
    NormLaunch(
            OpenClDevice device,
            ClQueue queue,
            Resources resources,
            Op.RmsNorm op,
            ClBuffer in,
            ClBuffer weight,
            ClBuffer out) {
        this.queue = queue;
        int width = op.weight().columns();
        runs = op.in().width() / width;
        FittedKernel fitted =
                FittedKernel.lanes(device, device.shape(), 1, "", "rms_norm", "rows.cl");
        kernel = resources.add(fitted.kernel());
        lanes = fitted.shape().lanes();
        kernel.arg(0, in)
                .arg(1, weight)
                .arg(2, op.epsilon())
                .arg(3, width)
                .arg(5, out)
                .local(6, 4L * lanes);
    }

    @Override
    public void enqueue(StepState step) {
        int all = step.rows() * runs;
        queue.launch2(kernel.arg(4, all), lanes, all, lanes, 1);
    }
}
