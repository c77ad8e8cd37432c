package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;
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
    private final int[] keyBoundary;
    private final int[] valueBoundary;
    private OpenRows[] open = new OpenRows[0];
    private EventTiles[] events = new EventTiles[0];
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
        keyBoundary = new int[recent.length];
        valueBoundary = new int[recent.length];
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
        int heads = spans * shape.kvHeads() * 2;
        if (open.length < heads) {
            int had = open.length;
            open = Arrays.copyOf(open, heads);
            events = Arrays.copyOf(events, heads);
            for (int i = had; i < heads; i++) {
                open[i] = new OpenRows();
                events[i] = new EventTiles();
            }
        }
    }

    private void fillSpan(Step step, int span) {
        CpuKvCache cache = (CpuKvCache) step.cache(span);
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
                fillHead(cache, cache.head(layer, head), step.firstRow(span), end);
            }
        }
    }

    private void fillHead(CpuKvCache cache, HeadCache head, int from, int to) {
        int at = (head.layer * shape.kvHeads() + head.kvHead) * maxRows;
        if (!head.attention().seesParts()) {
            Arrays.fill(recent, at + from, at + to, 0);
            Arrays.fill(keyBoundary, at + from, at + to, 0);
            Arrays.fill(valueBoundary, at + from, at + to, 0);
            return;
        }
        for (int row = from; row < to; row++) {
            int exactFrom = head.exactFrom(cache.sequence(), positions[row]);
            int seen = exactFrom <= head.sinks() ? 0 : exactFrom;
            recent[at + row] = head.drops() ? seen : 0;
            keyBoundary[at + row] =
                    head.drops() ? 0 : head.keys.boundary(positions[row], exactFrom);
            valueBoundary[at + row] =
                    head.drops() ? 0 : head.values.boundary(positions[row], exactFrom);
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

    /** The first key behind the sinks that the query of a row sees at all; 0 if it sees all. */
    int recent(int layer, int kvHead, int row) {
        return recent[(layer * shape.kvHeads() + kvHead) * maxRows + row];
    }

    /** See {@link HeadRows#boundary}, for the query of a row. */
    int boundary(boolean keys, int layer, int kvHead, int row) {
        int at = (layer * shape.kvHeads() + kvHead) * maxRows + row;
        return keys ? keyBoundary[at] : valueBoundary[at];
    }

    /** The open rows of a head's keys or values, in the layer that runs. */
    OpenRows open(boolean keys, int span, int kvHead) {
        return open[(span * shape.kvHeads() + kvHead) * 2 + (keys ? 0 : 1)];
    }

    /** The event lists of a head's keys or values, in the layer that runs. */
    EventTiles events(boolean keys, int span, int kvHead) {
        return events[(span * shape.kvHeads() + kvHead) * 2 + (keys ? 0 : 1)];
    }

    /** Position behind the last row that any query of a span sees encoded. */
    int needed(boolean keys, int layer, int span, int kvHead) {
        int needed = 0;
        for (int row = firstRows[span]; row < firstRows[span + 1]; row++) {
            needed = Math.max(needed, boundary(keys, layer, kvHead, row));
        }
        return needed;
    }
}
