package io.github.deltallm.backend.cpu;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Logits of the rows that are wanted, some rows at a time to bound the memory; member 0 hands them
 * to the sink while the others wait.
 */
final class LogitsStage implements Stage, AutoCloseable {
    /** Rows of logits at a time. */
    static final int ROWS = 32;

    private final Rows in;
    private final Product[] weights;
    private final Rows gathered;
    private final Inputs inputs;
    private @Nullable Arena arena;
    private @Nullable Rows logits;
    private int room;

    LogitsStage(
            Rows in, Product weight, Packed packed, RoundedRows rounded, int maxRows, Arena arena) {
        this.in = in;
        weights = new Product[] {weight};
        gathered = Rows.allocate(arena, Math.min(ROWS, maxRows), in.width());
        inputs = new Inputs(gathered, packed, rounded);
    }

    /** Makes room for so many rows; before the run. */
    @SuppressWarnings("MustBeClosed") // by close(), or by the next one
    void reserve(int wanted) {
        int rows = Math.min(ROWS, wanted);
        if (rows > room) {
            close();
            Arena own = Arena.ofShared();
            arena = own;
            logits = Rows.allocate(own, rows, weights[0].rows());
            room = Lanes.padded(rows);
        }
    }

    @Override
    public void run(Worker worker, StepState step) {
        Rows out = logits;
        if (out == null) {
            return;
        }
        for (int first = 0; first < step.wantedRows(); first += ROWS) {
            int count = Math.min(ROWS, step.wantedRows() - first);
            compute(worker, step, first, count, out);
            worker.barrier();
            if (worker.member == 0) {
                for (int i = 0; i < count; i++) {
                    MemorySegment row = out.data().asSlice(out.at(i), 4L * out.width());
                    step.sink().accept(step.wantedRow(first + i), row.asReadOnly());
                }
            }
            if (first + count < step.wantedRows()) {
                worker.barrier();
            }
        }
    }

    private void compute(Worker worker, StepState step, int first, int count, Rows out) {
        int end = worker.end(count);
        for (int i = worker.first(count); i < end; i++) {
            MemorySegment.copy(
                    in.data(),
                    in.at(step.wantedRow(first + i)),
                    gathered.data(),
                    gathered.at(i),
                    in.stride());
        }
        worker.barrier();
        inputs.prepare(worker, count, weights);
        Product weight = weights[0];
        int unit = weight.unit();
        weight.multiply(
                worker,
                inputs,
                count,
                worker.first(weight.rows(), unit),
                worker.end(weight.rows(), unit),
                out);
    }

    @Override
    public void close() {
        Arena own = arena;
        if (own != null) {
            own.close();
            arena = null;
            logits = null;
            room = 0;
        }
    }
}
