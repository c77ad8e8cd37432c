package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvCounts;
import io.github.deltallm.api.spi.KvCounts.Field;
import io.github.deltallm.api.spi.KvStream.Kind;

/** Counts what a step's attention needs, and what its kernels execute. */
final class AttentionTally {
    private final HeadShape shape;
    private final AttentionStep step;

    private final AttentionTiles tiles;

    AttentionTally(HeadShape shape, AttentionStep step, AttentionTiles tiles) {
        this.shape = shape;
        this.step = step;
        this.tiles = tiles;
    }

    /** Counts a span whose counters were read. */
    void add(AttentionSpan span) {
        for (CacheHead head : span.cache.heads()) {
            part(span, head, Kind.KEYS);
            part(span, head, Kind.VALUES);
            executed(span, head);
        }
    }

    private void part(AttentionSpan span, CacheHead head, Kind kind) {
        CachePart part = head.part(kind);
        KvCounts tallies = span.cache.tallies();
        if (part.stream != null && part.stream.isFixed()) {
            for (int row = AttentionStep.counted(span, part); row < span.length(); row++) {
                Stage stage = span.cache.sequence().stage(row);
                long changed = counts(part).of(row, row + 1);
                tallies.encoded(head.layer, stage, kind, shape.headDim(), changed);
            }
        }
        long group = shape.group();
        for (int row = 0; row < span.rows; row++) {
            int position = span.position + row;
            Stage stage = span.cache.sequence().stage(position);
            long dense = (position + 1L) * shape.headDim();
            tallies.add(head.layer, stage, kind, Field.MACS, group * dense);
            tallies.add(head.layer, stage, kind, Field.COST, group * cost(span, head, kind, row));
        }
    }

    private static RowsCounts counts(CachePart part) {
        RowsCounts counts = part.counts;
        if (counts == null) {
            throw new IllegalStateException("the " + part.name + " are not counted");
        }
        return counts;
    }

    private long cost(AttentionSpan span, CacheHead head, Kind kind, int row) {
        CachePart part = head.part(kind);
        int index = head.kvHead + (kind == Kind.KEYS ? 0 : shape.kvHeads());
        int recent = step.recent(span, head.layer, index, row);
        int middle = Math.min(head.sinks(), recent);
        long exact = (span.position + row + 1L - (recent - middle)) * shape.headDim();
        if (head.drops() || middle >= recent) {
            return exact;
        }
        RowsCounts counts = counts(part);
        return part.stream != null
                ? exact + shape.headDim() + counts.before(recent) - counts.before(middle + 1)
                : exact + counts.of(middle, recent);
    }

    /** What the kernels multiply, block by block, for as many queries as share a loop. */
    private void executed(AttentionSpan span, CacheHead head) {
        int queries = span.rows * shape.group();
        int together = tiles.isShort(span) ? shape.group() : tiles.lanes(span);
        for (int first = 0; first < queries; first += together) {
            int count = Math.min(together, queries - first);
            int from = first / shape.group();
            int to = (first + count - 1) / shape.group();
            long macs =
                    executed(span, head, true, from, to) + executed(span, head, false, from, to);
            Stage stage = span.cache.sequence().stage(span.position + from);
            span.cache.tallies().execute(head.layer, stage, count * macs);
        }
    }

    /** What one query of the rows {@code [fromRow, toRow]} executes. */
    private long executed(
            AttentionSpan span, CacheHead head, boolean keys, int fromRow, int toRow) {
        CachePart part = keys ? head.keys : head.values;
        int index = head.kvHead + (keys ? 0 : shape.kvHeads());
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int row = fromRow; row <= toRow; row++) {
            int recent = step.recent(span, head.layer, index, row);
            least = Math.min(least, recent);
            most = Math.max(most, recent);
        }
        int range = tiles.rangeKeys(span);
        boolean delta = part.stream != null && !head.drops();
        boolean encoded = delta && head.sinks() < most;
        int end = span.position + toRow + 1;
        int dim = shape.headDim();
        long macs = 0;
        for (int first = 0; first < end; first += BLOCK) {
            int seen = Math.min(BLOCK, end - first);
            if (encoded && first < most) {
                macs += events(part, first, seen);
                macs += keys ? (first % range == 0 ? dim : 0) : dim;
            }
            if (tiles.isShort(span)) {
                macs += (long) exact(head, delta, first, seen, most) * dim;
            } else if (first < head.sinks() || first + seen > least || !(head.drops() || delta)) {
                macs += (keys ? Math.ceilDiv(seen, 8) * 8L : seen) * dim;
            }
        }
        return macs;
    }

    /** Rows of a block that a query sees exactly. */
    private static int exact(CacheHead head, boolean delta, int first, int seen, int recent) {
        if (!delta && !head.drops()) {
            return seen;
        }
        int middle = Math.clamp(Math.min(head.sinks(), recent) - first, 0, seen);
        return seen - (Math.clamp(recent - first, 0, seen) - middle);
    }

    private static long events(CachePart part, int first, int seen) {
        if (part.stream != null && first < part.closedRows()) {
            return part.stream.events(first / BLOCK);
        }
        RowsCounts counts = counts(part);
        return counts.of(Math.max(first, first == 0 ? 1 : 0), first + seen);
    }
}
