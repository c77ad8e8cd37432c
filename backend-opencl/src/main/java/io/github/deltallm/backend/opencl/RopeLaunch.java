package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;

/** Rotates the heads of a value in place. */
final class RopeLaunch implements Launch {
    private final ClQueue queue;
    private final ClKernel kernel;
    private final int pairs;

    RopeLaunch(OpenClDevice device, ClQueue queue, Op.Rope op, ClBuffer data, RotaryTable table) {
        this.queue = queue;
        pairs = op.data().width() / op.headDim() * table.pairs();
        kernel = device.programs().program(device.shape().options(1), "rows.cl").kernel("rope");
        kernel.arg(0, data)
                .arg(1, table.buffer())
                .arg(2, op.data().width())
                .arg(3, op.headDim())
                .arg(4, table.pairs())
                .arg(5, op.embedding().pairing() == RotaryEmbedding.Pairing.HALVES ? 1 : 0);
    }

    @Override
    public void enqueue(StepState step) {
        queue.launch2(kernel.arg(6, step.rows()), pairs, step.rows(), 32, 1);
    }

    @Override
    public void close() {
        kernel.close();
    }
}
