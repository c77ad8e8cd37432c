package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Step;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/** A checked step, filled before each run and read by all threads; its arrays are reused. */
final class StepState {
    private final HeadShape shape;
    private final int maxRows;
    private final int[] tokens;
    private final int[] positions;
    private final int[] wanted;
    private final int[] recent;
    private @Nullable CpuKvCache[] caches = new CpuKvCache[1];
    private int[] firstRows = new int[2];
    private int rows;
    private int spans;
    private int wantedRows;
    private @Nullable LogitsSink sink;

    StepState(HeadShape shape, int maxRows) {
        this.shape = shape;
        this.maxRows = maxRows;
        tokens = new int[maxRows];
        positions = new int[maxRows];
        wanted = new int[maxRows];
        recent = new int[shape.layers() * shape.kvHeads() * maxRows];
    }

    /** Takes over a step whose caches were checked and have room. */
    void fill(Step step, LogitsSink sink) {
        this.sink = sink;
        rows = step.rows();
        spans = step.spans();
        wantedRows = 0;
        if (spans > caches.length) {
            caches = new CpuKvCache[spans];
            firstRows = new int[spans + 1];
        }
        for (int row = 0; row < rows; row++) {
            tokens[row] = step.token(row);
        }
        for (int span = 0; span < spans; span++) {
            fillSpan(step, span);
        }
        firstRows[spans] = rows;
    }

    private void fillSpan(Step step, int span) {
        CpuKvCache cache = (CpuKvCache) step.cache(span);
        AttentionStrategy.Request request = cache.request();
        caches[span] = cache;
        firstRows[span] = step.firstRow(span);
        Step.Logits logits = step.logits(span);
        int end = step.firstRow(span + 1);
        for (int row = step.firstRow(span); row < end; row++) {
            positions[row] = cache.length() + row - step.firstRow(span);
            if (logits == Step.Logits.ALL || (logits == Step.Logits.LAST && row == end - 1)) {
                wanted[wantedRows++] = row;
            }
        }
        for (int layer = 0; layer < shape.layers(); layer++) {
            for (int head = 0; head < shape.kvHeads(); head++) {
                HeadCache rows = cache.head(layer, head);
                int at = (layer * shape.kvHeads() + head) * maxRows;
                for (int row = step.firstRow(span); row < end; row++) {
                    recent[at + row] = rows.recent(positions[row], request);
                }
            }
        }
    }

    /** Lets go of the step's caches. */
    void clear() {
        Arrays.fill(caches, null);
        sink = null;
    }

    int rows() {
        return rows;
    }

    int token(int row) {
        return tokens[row];
    }

    int position(int row) {
        return positions[row];
    }

    int spans() {
        return spans;
    }

    CpuKvCache cache(int span) {
        CpuKvCache cache = caches[span];
        if (cache == null) {
            throw new IllegalStateException("the step has no span " + span);
        }
        return cache;
    }

    /** The first row of a span; that of span {@link #spans()} ends the last. */
    int firstRow(int span) {
        return firstRows[span];
    }

    int spanRows(int span) {
        return firstRows[span + 1] - firstRows[span];
    }

    /** Number of rows whose logits are wanted. */
    int wantedRows() {
        return wantedRows;
    }

    int wantedRow(int index) {
        return wanted[index];
    }

    LogitsSink sink() {
        if (sink == null) {
            throw new IllegalStateException("the step has no sink");
        }
        return sink;
    }

    /** See {@link HeadCache#recent}, for the query of a row. */
    int recent(int layer, int kvHead, int row) {
        return recent[(layer * shape.kvHeads() + kvHead) * maxRows + row];
    }

    /** Counts the pairs of one layer as declared, when the run has succeeded. */
    void count(int layer) {
        for (int span = 0; span < spans; span++) {
            CpuKvCache cache = cache(span);
            for (int row = firstRows[span]; row < firstRows[span + 1]; row++) {
                Stage stage = cache.stage(positions[row]);
                long visible = 0;
                for (int head = 0; head < shape.kvHeads(); head++) {
                    int from = recent(layer, head, row);
                    visible += cache.head(layer, head).visible(positions[row], from);
                }
                long causal = (positions[row] + 1L) * shape.heads();
                cache.counts().add(layer, stage, causal, visible * shape.group());
            }
        }
    }
}
