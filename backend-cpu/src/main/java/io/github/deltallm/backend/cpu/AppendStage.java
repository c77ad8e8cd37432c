package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache.Stage;
import io.github.deltallm.api.spi.KvCounts.Field;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.jspecify.annotations.Nullable;

/**
 * The first part of attention: a step's keys and values are put into the caches, encoded where the
 * strategy has them encoded, and counted. A unit is the keys or the values of one head of a
 * sequence.
 */
final class AppendStage {
    private final HeadShape shape;
    private final int layer;
    private final Rows key;
    private final Rows value;

    AppendStage(HeadShape shape, int layer, Rows key, Rows value) {
        this.shape = shape;
        this.layer = layer;
        this.key = key;
        this.value = value;
    }

    void run(Worker worker, StepState step) {
        int units = step.spans() * shape.kvHeads() * 2;
        int end = worker.end(units);
        for (int unit = worker.first(units); unit < end; unit++) {
            int kvHead = unit / 2 % shape.kvHeads();
            int span = unit / 2 / shape.kvHeads();
            append(worker, step, span, kvHead, unit % 2 == 0);
        }
    }

    private void append(Worker worker, StepState step, int span, int kvHead, boolean keys) {
        CpuKvCache cache = step.cache(span);
        HeadCache head = cache.head(layer, kvHead);
        HeadRows rows = keys ? head.keys : head.values;
        Rows from = keys ? key : value;
        int end = step.firstRow(span + 1);
        for (int row = step.firstRow(span); row < end; row++) {
            rows.exact.put(
                    step.position(row), from.data(), from.at(row) + 4L * kvHead * shape.headDim());
        }
        SparseRows sparse = rows.sparse;
        if (sparse != null) {
            OpenRows open = step.open(keys, span, kvHead);
            int length = step.position(end - 1) + 1;
            int needed = step.needed(keys, layer, span, kvHead);
            if (step.spanRows(span) > AttentionPlan.FEW) {
                step.events(keys, span, kvHead).reserve(needed);
            }
            boolean all = cache.countsRows();
            sparse.encode(rows.exact, cache.length(), length, needed, all, worker.encode, open);
            if (all && sparse.isFixed() && sparse.cumulative()) {
                int first = sparse.fixedInStep() ? 0 : cache.counted();
                cache.countEncoded(layer, keys ? Kind.KEYS : Kind.VALUES, sparse, first, open);
            }
        }
        count(step, span, head, keys, sparse);
    }

    /** Counts what the strategy asks of the span's queries. */
    private void count(
            StepState step, int span, HeadCache head, boolean keys, @Nullable SparseRows sparse) {
        CpuKvCache cache = step.cache(span);
        int row = step.firstRow(span);
        int end = step.firstRow(span + 1);
        while (row < end) {
            Stage stage = cache.stage(step.position(row));
            long pairs = 0;
            long cost = 0;
            for (; row < end && cache.stage(step.position(row)) == stage; row++) {
                pairs += step.position(row) + 1L;
                cost += cost(step, span, row, head, keys, sparse);
            }
            Kind kind = keys ? Kind.KEYS : Kind.VALUES;
            long macs = pairs * shape.headDim() * shape.group();
            cache.counts().add(layer, stage, kind, Field.MACS, macs);
            cache.counts().add(layer, stage, kind, Field.COST, cost * shape.group());
        }
    }

    /** What one query costs: exact rows all channels, encoded ones their events. */
    private long cost(
            StepState step,
            int span,
            int row,
            HeadCache head,
            boolean keys,
            @Nullable SparseRows sparse) {
        int all = step.position(row) + 1;
        int dim = shape.headDim();
        int recent = step.recent(layer, head.kvHead, row);
        int boundary = step.boundary(keys, layer, head.kvHead, row);
        if (sparse == null || boundary == 0) {
            return (all - Math.max(0L, recent - head.sinks())) * dim;
        }
        long exact = (long) (head.sinks() + all - boundary) * dim;
        OpenRows open = step.open(keys, span, head.kvHead);
        return exact + sparse.cost(head.sinks(), boundary, open);
    }
}
