package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A checked step with its tables on the device; made once and filled before each run. */
final class StepState implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final Resources resources = new Resources();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment tokenRows;
    private final MemorySegment positionRows;
    private final int[] wantedRows;
    private final ClBuffer tokens;
    private final ClBuffer positions;
    private final Step empty = new Step();
    private Step step = empty;
    private int wanted;
    private @Nullable LogitsSink sink;

    StepState(ClContext context, int maxRows) {
        try {
            resources.add(arena, arena::close);
            tokenRows = arena.allocate(INT, maxRows);
            positionRows = arena.allocate(INT, maxRows);
            wantedRows = new int[maxRows];
            long bytes = 4L * maxRows;
            tokens = resources.add(context.buffer(BufferUse.TABLES, bytes, "the tokens of a step"));
            positions =
                    resources.add(
                            context.buffer(BufferUse.TABLES, bytes, "the positions of a step"));
        } catch (RuntimeException | Error e) {
            resources.closeAfter(e);
            throw e;
        }
    }

    /** Takes over a step that was checked and must not change until {@link #clear}. */
    void fill(Step checked, LogitsSink to) {
        step = checked;
        sink = to;
        wanted = 0;
        for (int span = 0; span < step.spans(); span++) {
            int length = step.cache(span).length();
            int end = step.firstRow(span + 1);
            Step.Logits logits = step.logits(span);
            for (int row = step.firstRow(span); row < end; row++) {
                tokenRows.setAtIndex(INT, row, step.token(row));
                positionRows.setAtIndex(INT, row, length + row - step.firstRow(span));
                if (logits == Step.Logits.ALL || (logits == Step.Logits.LAST && row == end - 1)) {
                    wantedRows[wanted++] = row;
                }
            }
        }
    }

    /** Sends tokens and positions to the device. */
    void upload(ClQueue queue) {
        queue.write(tokens, 0, tokenRows, 0, 4L * rows());
        queue.write(positions, 0, positionRows, 0, 4L * rows());
    }

    /** Lets go of the step. */
    void clear() {
        step = empty;
        sink = null;
        wanted = 0;
    }

    int rows() {
        return step.rows();
    }

    int token(int row) {
        return tokenRows.getAtIndex(INT, row);
    }

    int position(int row) {
        return positionRows.getAtIndex(INT, row);
    }

    int spans() {
        return step.spans();
    }

    KvCache cache(int span) {
        return step.cache(span);
    }

    /** The first row of a span; that of span {@link #spans()} ends the last. */
    int firstRow(int span) {
        return step.firstRow(span);
    }

    int spanRows(int span) {
        return step.rows(span);
    }

    /** Number of rows whose logits are wanted. */
    int wantedRows() {
        return wanted;
    }

    int wantedRow(int index) {
        return wantedRows[index];
    }

    LogitsSink sink() {
        if (sink == null) {
            throw new IllegalStateException("no step runs");
        }
        return sink;
    }

    /** The token of each row, an int each. */
    ClBuffer tokens() {
        return tokens;
    }

    /** The position of each row in its sequence, an int each. */
    ClBuffer positions() {
        return positions;
    }

    @Override
    public void close() {
        resources.close();
    }
}
