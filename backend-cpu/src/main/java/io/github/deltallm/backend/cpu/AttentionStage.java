package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;

/** Appends a step's keys and values to the caches, attends, and merges what was cut up. */
final class AttentionStage implements Stage {
    private final HeadShape shape;
    private final int layer;
    private final Rows query;
    private final Rows key;
    private final Rows value;
    private final Rows out;
    private final AttentionPlan plan;
    private final PrefillAttention prefill;
    private final DecodeAttention decode;

    AttentionStage(
            HeadShape shape,
            Op.Attention op,
            Rows query,
            Rows key,
            Rows value,
            Rows out,
            AttentionPlan plan) {
        this.shape = shape;
        this.layer = op.layer();
        this.query = query;
        this.key = key;
        this.value = value;
        this.out = out;
        this.plan = plan;
        prefill = new PrefillAttention(shape, layer, op.scale(), plan);
        decode = new DecodeAttention(shape, layer, op.scale(), plan);
    }

    int layer() {
        return layer;
    }

    @Override
    public void run(Worker worker, StepState step) {
        if (worker.member == 0) {
            plan.restart();
        }
        append(worker, step);
        worker.barrier();
        for (int task = plan.take(); task < plan.tasks(); task = plan.take()) {
            if (plan.rows(task) > 0) {
                prefill.tile(worker, step, task, query, out);
            } else {
                decode.range(
                        worker,
                        step,
                        plan.span(task),
                        plan.kvHead(task),
                        plan.first(task),
                        query,
                        out);
            }
        }
        if (plan.several()) {
            worker.barrier();
            merge(worker, step);
        }
    }

    /** A unit is the keys or the values of one head of a sequence: an encoder works on all rows. */
    private void append(Worker worker, StepState step) {
        int units = step.spans() * shape.kvHeads() * 2;
        int end = worker.end(units);
        for (int unit = worker.first(units); unit < end; unit++) {
            boolean keys = unit % 2 == 0;
            int kvHead = unit / 2 % shape.kvHeads();
            int span = unit / 2 / shape.kvHeads();
            HeadCache head = step.cache(span).head(layer, kvHead);
            PagedRows store = keys ? head.keys : head.values;
            Rows from = keys ? key : value;
            for (int row = step.firstRow(span); row < step.firstRow(span + 1); row++) {
                store.put(
                        step.position(row),
                        from.data(),
                        from.at(row) + 4L * kvHead * shape.headDim());
            }
        }
    }

    private void merge(Worker worker, StepState step) {
        int unit = 0;
        for (int span = 0; span < step.spans(); span++) {
            if (step.spanRows(span) > AttentionPlan.FEW || AttentionPlan.ranges(step, span) == 1) {
                continue;
            }
            for (int i = 0; i < step.spanRows(span); i++) {
                for (int kvHead = 0; kvHead < shape.kvHeads(); kvHead++, unit++) {
                    if (unit % worker.members == worker.member) {
                        decode.merge(worker, step, span, i, kvHead, out);
                    }
                }
            }
        }
    }
}
