package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;

/** Rotates the heads of a value in place. */
final class RopeLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int pairs;
    private final int group;

    /**
     * @param resources closes the kernel
     * @param data {@code [rows, width]}
     */
    RopeLaunch(
            OpenClDevice device,
            ClQueue queue,
            Resources resources,
            Op.Rope op,
            ClBuffer data,
            RotaryTable table) {
        this.queue = queue;
        pairs = op.data().width() / op.headDim() * table.pairs();
        ClProgram program = device.programs().program(device.shape().options(1), "rows.cl");
        kernel = resources.add(program.kernel("rope"));
        group = AttentionTiles.lanes(kernel, 32);
        kernel.arg(0, data)
                .arg(1, table.buffer())
                .arg(2, op.data().width())
                .arg(3, op.headDim())
                .arg(4, table.pairs())
                .arg(5, op.embedding().pairing() == RotaryEmbedding.Pairing.HALVES ? 1 : 0);
    }

    @Override
    public void enqueue(StepState step) {
        queue.launch2(kernel.arg(6, step.rows()), pairs, step.rows(), group, 1);
    }
}
