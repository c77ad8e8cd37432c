package io.github.deltallm.backend.cpu;

/**
 * Linear layers of the same input, and what is then done column by column: each thread goes on with
 * the columns that it has just computed.
 */
record LinearStage(Inputs in, Product[] layers, Rows[] outs, RowOp.ColumnOp[] then)
        implements Stage {
    @Override
    public void run(Worker worker, StepState step) {
        int rows = step.rows();
        in.prepare(worker, rows, layers);
        int unit = 16;
        for (Product layer : layers) {
            unit = Math.max(unit, layer.unit());
        }
        for (int i = 0; i < layers.length; i++) {
            int width = layers[i].rows();
            layers[i].multiply(
                    worker, in, rows, worker.first(width, unit), worker.end(width, unit), outs[i]);
        }
        for (RowOp.ColumnOp op : then) {
            int from = worker.first(op.width(), unit);
            int to = worker.end(op.width(), unit);
            for (int row = 0; row < rows && from < to; row++) {
                op.columns(row, from, to);
            }
        }
    }
}
