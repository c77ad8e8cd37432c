package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;

/** Combines two values element by element: a sum or a gate. */
final class ElementLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int width;
    private final int group;

    /**
     * @param resources closes the kernel
     * @param name of the kernel
     */
    ElementLaunch(
            OpenClDevice device,
            ClQueue queue,
            Resources resources,
            String name,
            ClBuffer left,
            ClBuffer right,
            Activation out) {
        this.queue = queue;
        width = out.width();
        ClProgram program = device.programs().program(device.shape().options(1), "rows.cl");
        kernel = resources.add(program.kernel(name));
        group = AttentionTiles.lanes(kernel, 64);
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
        queue.launch1(kernel.arg(3, count), count, group);
    }
}
