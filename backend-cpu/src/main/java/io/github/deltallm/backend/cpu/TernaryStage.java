package io.github.deltallm.backend.cpu;

import java.util.Arrays;

/**
 * Ternary layers of the same input, which is rounded once, and what is then done column by column.
 *
 * <p>Each member goes through its share of the weights block by block: the tables of a row's block
 * are made once for all layers and stay in the first-level cache, the weights of a block stay in
 * the second-level one for all rows. With a single row each layer's share is read from beginning to
 * end instead, and the tables of all blocks are made before.
 */
record TernaryStage(
        Rows in,
        TernaryWeight[] layers,
        Rows[] outs,
        RowOp.ColumnOp[] then,
        TernaryRows activations,
        TernaryScratch[] scratch)
        implements Stage {
    @Override
    public void run(Worker worker, StepState step) {
        int rows = step.rows();
        int last = worker.end(rows);
        for (int row = worker.first(rows); row < last; row++) {
            activations.quantise(in, row);
        }
        worker.barrier();
        for (int first = 0; first < rows; first += TernaryScratch.ROWS) {
            int count = Math.min(TernaryScratch.ROWS, rows - first);
            multiply(worker, first, count);
            finish(worker, first, count);
        }
        for (RowOp.ColumnOp op : then) {
            int units = Lanes.ceilDiv(op.width(), TernaryWeight.UNIT);
            int from = worker.first(units) * TernaryWeight.UNIT;
            int to = Math.min(op.width(), worker.end(units) * TernaryWeight.UNIT);
            for (int row = 0; row < rows && from < to; row++) {
                op.columns(row, from, to);
            }
        }
    }

    private void multiply(Worker worker, int first, int count) {
        TernaryScratch own = scratch[worker.member];
        int stride = stride(worker);
        TernaryKernels.clear(own.sums, count * stride);
        Arrays.fill(own.totals, 0);
        if (count == 1) {
            multiplySingle(worker, first, own);
            return;
        }
        for (int block = 0; block < layers[0].blocks(); block++) {
            int words = layers[0].words(block);
            for (int row = 0; row < count; row++) {
                long at = activations.at(first + row, block);
                TernaryKernels.tables(activations.data(), at, words, own.tables, 0);
                int to = row * stride;
                for (TernaryWeight layer : layers) {
                    to = layer.add(worker, block, own, 0, to);
                }
            }
        }
    }

    private void multiplySingle(Worker worker, int row, TernaryScratch own) {
        int blocks = layers[0].blocks();
        for (int block = 0; block < blocks; block++) {
            TernaryKernels.tables(
                    activations.data(),
                    activations.at(row, block),
                    layers[0].words(block),
                    own.tables,
                    block * TernaryScratch.TABLES);
        }
        int to = 0;
        for (TernaryWeight layer : layers) {
            int end = to;
            for (int block = 0; block < blocks; block++) {
                end = layer.add(worker, block, own, block * TernaryScratch.TABLES, to);
            }
            to = end;
        }
    }

    /** Sums of a row in a member's share of all layers. */
    private int stride(Worker worker) {
        int units = 0;
        for (TernaryWeight layer : layers) {
            units += worker.end(layer.units()) - worker.first(layer.units());
        }
        return units * TernaryWeight.UNIT;
    }

    private void finish(Worker worker, int first, int count) {
        TernaryScratch own = scratch[worker.member];
        int from = 0;
        for (int row = first; row < first + count; row++) {
            for (int i = 0; i < layers.length; i++) {
                from = layers[i].finish(worker, own, from, activations.scale(row), outs[i], row);
            }
        }
    }
}
