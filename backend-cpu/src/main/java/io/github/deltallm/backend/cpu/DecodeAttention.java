package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.AttentionScratch.RANGE_KEYS;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.FLOAT;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.spi.HeadShape;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention of single queries: all query heads of a group over a range of keys, so that each key
 * and value is read once; the ranges' results are merged in order. Of several ranges all keys are
 * read before the first value, which is faster than in turns.
 */
final class DecodeAttention {
    private final HeadShape shape;
    private final int layer;
    private final float scale;
    private final AttentionPlan plan;

    DecodeAttention(HeadShape shape, int layer, float scale, AttentionPlan plan) {
        this.shape = shape;
        this.layer = layer;
        this.scale = scale * VectorMath.LOG2_E;
        this.plan = plan;
    }

    /** A task's ranges of keys, for all rows of a span. */
    void ranges(Worker worker, StepState step, int task, Rows query, Rows out) {
        AttentionScratch scratch = worker.attention;
        int span = plan.span(task);
        int kvHead = plan.kvHead(task);
        int first = plan.first(task);
        int count = plan.ranges(task);
        CpuKvCache cache = step.cache(span);
        boolean alone = AttentionPlan.ranges(step, span) == 1;
        for (int i = 0; i < step.spanRows(span); i++) {
            int row = step.firstRow(span) + i;
            loadQuery(scratch, query, row, kvHead);
            DecodeRange range = scratch.range;
            range.begin(layer, step, span, kvHead, row);
            for (int place = 0; place < count; place++) {
                range.select(first + place, place, scratch);
                boolean any = weighKeys(worker, range);
                storeStatistics(scratch, plan.partial(step, span, i, kvHead, first + place), any);
            }
            for (int place = 0; place < count; place++) {
                range.select(first + place, place, scratch);
                mixValues(worker, range);
                storeSums(scratch, plan.partial(step, span, i, kvHead, first + place));
            }
            cache.counts().execute(layer, cache.stage(range.position), range.macs);
            if (alone) {
                merge(worker, step, span, i, kvHead, out);
            }
        }
    }

    /** Four query heads side by side: {@code [quad][channel][4]}, scaled. */
    private void loadQuery(AttentionScratch scratch, Rows query, int row, int kvHead) {
        int dim = shape.headDim();
        for (int h = 0; h < shape.group(); h++) {
            long at = query.at(row) + 4L * (kvHead * shape.group() + h) * dim;
            int to = h / 4 * 4 * dim + h % 4;
            for (int c = 0; c < dim; c++) {
                scratch.query[to + 4 * c] = query.data().get(FLOAT, at + 4L * c) * scale;
            }
        }
    }

    /** Weighs a range's keys; returns whether any is seen. */
    private boolean weighKeys(Worker worker, DecodeRange range) {
        AttentionScratch scratch = worker.attention;
        HeadCache head = range.head();
        boolean any = false;
        boolean encoded = range.seesEncoded(range.keyBoundary);
        if (encoded) {
            SparseDecode.scores(worker, range);
            any = true;
        }
        for (int key = range.first; key < range.end; key += BLOCK) {
            if (range.seesExactly(key, range.keyBoundary)) {
                exactScores(scratch, head, range, key, encoded);
                any = true;
            }
        }
        int padded = Lanes.ceilDiv(Math.max(0, range.end - range.first), BLOCK) * BLOCK;
        hide(scratch, range, padded);
        softmax(scratch, range.weights, padded);
        return any;
    }

    /** Sums up a range's weighted values. */
    private void mixValues(Worker worker, DecodeRange range) {
        AttentionScratch scratch = worker.attention;
        HeadCache head = range.head();
        Arrays.fill(scratch.sums, 0);
        if (range.seesEncoded(range.valueBoundary)) {
            SparseDecode.mix(worker, range);
        }
        for (int key = range.first; key < range.end; key += BLOCK) {
            if (range.seesExactly(key, range.valueBoundary)) {
                int count = Math.min(BLOCK, range.end - key);
                head.values.exact.mix(key, count, scratch, range.weights + key - range.first);
                range.macs += range.blockMacs(scratch);
            }
        }
    }

    /** Scores of a block; where others of it are encoded, only of those that are seen exactly. */
    private void exactScores(
            AttentionScratch scratch, HeadCache head, DecodeRange range, int key, boolean encoded) {
        int at = key - range.first;
        range.macs += range.blockMacs(scratch);
        if (!encoded) {
            head.keys.exact.scores(key, scratch, scratch.keyWeights, range.weights + at);
            return;
        }
        head.keys.exact.scores(key, scratch, scratch.exactWeights, at);
        int sinks = Math.clamp(head.sinks() - key, 0, BLOCK);
        int from = Math.clamp(range.keyBoundary - key, sinks, BLOCK);
        for (int h = 0; h < shape.group(); h++) {
            int in = h * RANGE_KEYS + at;
            int to = range.weights + in;
            System.arraycopy(scratch.exactWeights, in, scratch.keyWeights, to, sinks);
            System.arraycopy(
                    scratch.exactWeights, in + from, scratch.keyWeights, to + from, BLOCK - from);
        }
    }

    /** Gives the keys that are not seen the score minus infinity. */
    private void hide(AttentionScratch scratch, DecodeRange range, int padded) {
        int from = Math.clamp(range.head().sinks() - range.first, 0, padded);
        int to = Math.clamp(range.recent - range.first, from, padded);
        int last = Math.clamp(range.end - range.first, 0, padded);
        for (int h = 0; h < shape.group(); h++) {
            int at = range.weights + h * RANGE_KEYS;
            Arrays.fill(scratch.keyWeights, at + from, at + to, Float.NEGATIVE_INFINITY);
            Arrays.fill(scratch.keyWeights, at + last, at + padded, Float.NEGATIVE_INFINITY);
        }
    }

    /** Scores become weights relative to the range's maximum, which is kept with their sum. */
    private void softmax(AttentionScratch scratch, int from, int count) {
        float[] weights = scratch.keyWeights;
        float[] register = scratch.register;
        for (int h = 0; h < shape.group(); h++) {
            int at = from + h * RANGE_KEYS;
            FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
            for (int i = 0; i < count; i += N) {
                FloatVector s = FloatVector.fromArray(F, weights, at + i);
                most = most.blend(s, s.compare(VectorOperators.GT, most));
            }
            most.intoArray(register, 0);
            float max = Float.NEGATIVE_INFINITY;
            for (int lane = 0; lane < N; lane++) {
                max = Math.max(max, register[lane]);
            }
            // NaN is never greater: it must not end as a weight of minus infinity's.
            float base = max == Float.NEGATIVE_INFINITY ? 0 : max;
            Arrays.fill(register, base);
            VectorMath.exp2(weights, at, N, Lanes.ceilDiv(count, N), register);
            FloatVector sum = FloatVector.zero(F);
            for (int i = 0; i < count; i += N) {
                sum = sum.add(FloatVector.fromArray(F, weights, at + i));
            }
            sum.intoArray(register, 0);
            scratch.maxima[h] = max;
            scratch.totals[h] = Sums.of(register, 0, N);
        }
    }

    private void storeSums(AttentionScratch scratch, long at) {
        int count = shape.group() * scratch.channels;
        MemorySegment.copy(scratch.sums, 0, plan.partials(), FLOAT, at, count);
    }

    /** Maxima and totals of all heads, behind the sums. */
    private void storeStatistics(AttentionScratch scratch, long at, boolean any) {
        MemorySegment partials = plan.partials();
        for (int h = 0; h < shape.group(); h++) {
            long to = at + statistics(scratch, h);
            partials.set(FLOAT, to, any ? scratch.maxima[h] : Float.NEGATIVE_INFINITY);
            partials.set(FLOAT, to + 4, any ? scratch.totals[h] : 0);
        }
    }

    private long statistics(AttentionScratch scratch, int h) {
        return 4L * shape.group() * scratch.channels + 8L * h;
    }

    /** Merges the ranges of one row and writes its heads' results. */
    void merge(Worker worker, StepState step, int span, int i, int kvHead, Rows out) {
        AttentionScratch scratch = worker.attention;
        int ranges = AttentionPlan.ranges(step, span);
        int row = step.firstRow(span) + i;
        int dim = shape.headDim();
        for (int h = 0; h < shape.group(); h++) {
            float total = weigh(scratch, step, span, i, kvHead, h, ranges);
            for (int c = 0; c < scratch.channels; c += N) {
                FloatVector sum = FloatVector.zero(F);
                for (int range = 0; range < ranges; range++) {
                    float weight = scratch.rangeWeights[range];
                    if (weight != 0) {
                        long at =
                                plan.partial(step, span, i, kvHead, range)
                                        + 4L * (h * scratch.channels + c);
                        sum =
                                FloatVector.fromMemorySegment(F, plan.partials(), at, NATIVE)
                                        .fma(FloatVector.broadcast(F, weight), sum);
                    }
                }
                sum.div(total).intoArray(scratch.sums, c);
            }
            long to = out.at(row) + 4L * (kvHead * shape.group() + h) * dim;
            MemorySegment.copy(scratch.sums, 0, out.data(), FLOAT, to, dim);
        }
    }

    /** Each range's weight relative to the greatest maximum; returns the sum of all weights. */
    private float weigh(
            AttentionScratch scratch,
            StepState step,
            int span,
            int i,
            int kvHead,
            int h,
            int ranges) {
        scratch.requireRanges(ranges);
        long statistics = statistics(scratch, h);
        MemorySegment partials = plan.partials();
        float max = Float.NEGATIVE_INFINITY;
        for (int range = 0; range < ranges; range++) {
            long at = plan.partial(step, span, i, kvHead, range) + statistics;
            max = Math.max(max, partials.get(FLOAT, at));
        }
        float total = 0;
        for (int range = 0; range < ranges; range++) {
            long at = plan.partial(step, span, i, kvHead, range) + statistics;
            float weight = VectorMath.exp2(partials.get(FLOAT, at) - max);
            scratch.rangeWeights[range] = weight;
            total = Math.fma(weight, partials.get(FLOAT, at + 4), total);
        }
        return total;
    }
}
