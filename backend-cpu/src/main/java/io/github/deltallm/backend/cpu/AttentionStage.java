package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;

/** Appends a step's keys and values to the caches, attends, and merges what was cut up. */
final class AttentionStage implements Stage {
    private final HeadShape shape;
    private final int layer;
    private final Rows query;
    private final Rows out;
    private final AttentionPlan plan;
    private final AppendStage append;
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
        this.out = out;
        this.plan = plan;
        append = new AppendStage(shape, layer, key, value);
        prefill = new PrefillAttention(shape, layer, op.scale(), plan);
        decode = new DecodeAttention(shape, layer, op.scale(), plan);
    }

    @Override
    public void run(Worker worker, StepState step) {
        if (worker.member == 0) {
            plan.restart();
        }
        append.run(worker, step);
        worker.barrier();
        if (plan.listsEvents()) {
            list(worker, step);
            worker.barrier();
        }
        for (int task = plan.take(); task < plan.tasks(); task = plan.take()) {
            attend(worker, step, task);
        }
        if (plan.several()) {
            worker.barrier();
            merge(worker, step);
        }
    }

    private void attend(Worker worker, StepState step, int task) {
        if (plan.rows(task) > 0) {
            prefill.tile(worker, step, task, query, out);
        } else {
            decode.ranges(worker, step, task, query, out);
        }
    }

    /** Lists the events that tiles of queries will go through, once for all of them. */
    private void list(Worker worker, StepState step) {
        int unit = 0;
        for (int span = 0; span < step.spans(); span++) {
            if (step.spanRows(span) <= AttentionPlan.FEW) {
                continue;
            }
            for (int i = 0; i < 2 * shape.kvHeads(); i++) {
                boolean keys = i % 2 == 0;
                HeadCache head = step.cache(span).head(layer, i / 2);
                SparseRows rows = keys ? head.keys.sparse : head.values.sparse;
                if (rows == null) {
                    continue;
                }
                EventTiles events = step.events(keys, span, i / 2);
                for (int range = 0;
                        range * AttentionScratch.RANGE_KEYS < events.end();
                        range++, unit++) {
                    if (unit % worker.members == worker.member) {
                        events.list(
                                rows,
                                step.open(keys, span, i / 2),
                                range,
                                worker.encode,
                                worker.attention.eventPanel);
                    }
                }
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
