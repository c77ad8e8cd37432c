package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache.Stage;

/** Counts what a step's attention needs, and what its kernels execute. */
final class AttentionTally {
    private final HeadShape shape;
    private final AttentionStep step;

    private final int tileLanes;

    /**
     * @param tileLanes the most queries of a tile
     */
    AttentionTally(HeadShape shape, AttentionStep step, int tileLanes) {
        this.shape = shape;
        this.step = step;
        this.tileLanes = tileLanes;
    }

    /** Counts a span whose counters were read. */
    void add(AttentionSpan span) {
        for (CacheHead head : span.cache.heads()) {
            part(span, head, true);
            part(span, head, false);
            executed(span, head);
        }
    }

    private void part(AttentionSpan span, CacheHead head, boolean keys) {
        CachePart part = keys ? head.keys : head.values;
        CacheCounts tallies = span.cache.tallies();
        if (part.stream != null && part.stream.isFixed()) {
            for (int row = AttentionStep.counted(span, part); row < span.length(); row++) {
                Stage stage = span.cache.stage(row);
                long changed = counts(part).of(row, row + 1);
                tallies.add(head.layer, stage, keys, CacheCounts.ELEMENTS, shape.headDim());
                tallies.add(
                        head.layer, stage, keys, CacheCounts.UNCHANGED, shape.headDim() - changed);
            }
        }
        long group = shape.group();
        for (int row = 0; row < span.rows; row++) {
            int position = span.position + row;
            Stage stage = span.cache.stage(position);
            long dense = (position + 1L) * shape.headDim();
            tallies.add(head.layer, stage, keys, CacheCounts.MACS, group * dense);
            tallies.add(
                    head.layer, stage, keys, CacheCounts.COST, group * cost(span, head, keys, row));
        }
    }

    private static RowsCounts counts(CachePart part) {
        RowsCounts counts = part.counts;
        if (counts == null) {
            throw new IllegalStateException("the " + part.name + " are not counted");
        }
        return counts;
    }

    private long cost(AttentionSpan span, CacheHead head, boolean keys, int row) {
        CachePart part = keys ? head.keys : head.values;
        int index = head.kvHead + (keys ? 0 : shape.kvHeads());
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

    /** The loops of {@code attention_tile}, block by block. */
    private void executed(AttentionSpan span, CacheHead head) {
        AttentionTiles tiles = AttentionTiles.of(span);
        int queries = span.rows * shape.group();
        int tile = Math.min(tileLanes, AttentionTiles.powerOfTwo(queries));
        for (int first = 0; first < queries; first += tile) {
            int lanes = Math.min(tile, queries - first);
            int from = first / shape.group();
            int to = (first + lanes - 1) / shape.group();
            long macs = 0;
            for (boolean keys : new boolean[] {true, false}) {
                macs += executed(span, head, keys, from, to, tiles.rangeKeys());
            }
            Stage stage = span.cache.stage(span.position + from);
            span.cache.tallies().execute(head.layer, stage, lanes * macs);
        }
    }

    /** What one query of a tile of rows {@code [fromRow, toRow]} executes. */
    private long executed(
            AttentionSpan span, CacheHead head, boolean keys, int fromRow, int toRow, int range) {
        CachePart part = keys ? head.keys : head.values;
        int index = head.kvHead + (keys ? 0 : shape.kvHeads());
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int row = fromRow; row <= toRow; row++) {
            int recent = step.recent(span, head.layer, index, row);
            least = Math.min(least, recent);
            most = Math.max(most, recent);
        }
        boolean delta = part.stream != null && !head.drops();
        boolean encoded = delta && head.sinks() < most;
        int end = span.position + toRow + 1;
        int dim = shape.headDim();
        long macs = 0;
        for (int first = 0; first < end; first += BLOCK) {
            int seen = Math.min(BLOCK, end - first);
            boolean atEdge = first < head.sinks() || first + seen > least;
            if (encoded && first < most) {
                macs += events(part, first, seen);
                macs += keys ? (first % range == 0 ? dim : 0) : dim;
            }
            if (atEdge || !(head.drops() || delta)) {
                macs += (keys ? Math.ceilDiv(seen, 8) * 8L : seen) * dim;
            }
        }
        return macs;
    }

    private static long events(CachePart part, int first, int seen) {
        if (part.stream != null && first < part.closedRows()) {
            return part.stream.events(first / BLOCK);
        }
        RowsCounts counts = counts(part);
        return counts.of(Math.max(first, first == 0 ? 1 : 0), first + seen);
    }
}
