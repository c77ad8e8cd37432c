package io.github.deltallm.backend.cpu;

/** Operations on rows, one after the other on each row, without a wait between them. */
record RowStage(RowOp[] ops) implements Stage {
    @Override
    public void run(Worker worker, StepState step) {
        int end = worker.end(step.rows());
        for (int row = worker.first(step.rows()); row < end; row++) {
            for (RowOp op : ops) {
                op.run(worker, step, row);
            }
        }
    }
}
