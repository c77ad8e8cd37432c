package io.github.deltallm.backend.cpu;

/**
 * Linear layers of the same input, and what is then done column by column: each thread goes on with
 * the columns that it has just computed.
 */
record LinearStage(Rows in, Linear[] layers, Rows[] outs, RowOp.ColumnOp[] then, Packed packed)
        implements Stage {
    @Override
    public void run(Worker worker, StepState step) {
        int rows = step.rows();
        boolean few = rows <= Linear.FEW;
        if (!few) {
            packed.pack(worker, in, rows);
            worker.barrier();
        }
        for (int i = 0; i < layers.length; i++) {
            if (few) {
                layers[i].few(worker, in, rows, outs[i]);
            } else {
                layers[i].many(worker, packed, rows, outs[i]);
            }
        }
        for (RowOp.ColumnOp op : then) {
            int units = Lanes.ceilDiv(op.width(), 16);
            int from = worker.first(units) * 16;
            int to = Math.min(op.width(), worker.end(units) * 16);
            for (int row = 0; row < rows && from < to; row++) {
                op.columns(row, from, to);
            }
        }
    }
}
