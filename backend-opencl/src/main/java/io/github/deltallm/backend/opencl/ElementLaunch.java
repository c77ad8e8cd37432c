package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;

/** Combines two values element by element: a sum or a gate. */
final class ElementLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int width;

    /**
     * @param name of the kernel
     */
    ElementLaunch(
            OpenClDevice device,
            ClQueue queue,
            String name,
            ClBuffer left,
            ClBuffer right,
            Activation out) {
        this.queue = queue;
        width = out.width();
        kernel = device.programs().program(device.shape().options(1), "rows.cl").kernel(name);
        kernel.arg(0, left).arg(1, right).arg(2, out.buffer());
    }

    /** The kernel for a gate. */
    static String gate(Op.GateFunction function) {
        return switch (function) {
            case SILU -> "gate_silu";
            case SQUARED_RELU -> "gate_squared_relu";
            case GELU -> "gate_gelu";
        };
    }

    @Override
    public void enqueue(StepState step) {
        int count = Math.multiplyExact(step.rows(), width);
        queue.launch1(kernel.arg(3, count), count, 64);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
