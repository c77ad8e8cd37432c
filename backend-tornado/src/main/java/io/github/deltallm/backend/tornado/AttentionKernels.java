package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention over pages: scores, softmax and mix, each for all rows and query heads of a layer.
 *
 * <p>Scores lie at {@code (row * heads + head) * SCORES + position}. Where a middle is encoded they
 * are prefix sums over the events, beginning anew with each page's reference.
 */
public final class AttentionKernels {
    private AttentionKernels() {}

    /** {@code scale * q . k}; a thread goes through the positions of one page for one query. */
    public static void attendScores(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray values,
            FloatArray pool,
            FloatArray scores) {
        int i = context.globalIdx;
        int heads = step.get(StepTable.HEADS);
        int pages = step.get(StepTable.PAGES);
        if (i < step.get(StepTable.ROWS) * heads * pages) {
            int at = OpTable.at(control, op);
            int query = i / pages;
            int page = i - query * pages;
            int row = query / heads;
            int head = query - row * heads;
            int dim = step.get(StepTable.DIM);
            int layer = ops.get(at + OpTable.LAYER);
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int span = StepTable.span(step, row);
            int stream = StepTable.stream(step, layer, kvHead, 0);
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int middle = step.get(run);
            int recent = step.get(run + 1);
            int dropped = StepTable.ofStream(step, span, stream, StepTable.DROPPED);
            int mode = StepTable.ofStream(step, span, stream, StepTable.MODE);
            if (position < StepTable.ofStream(step, span, stream, StepTable.ENCODED_FOR)) {
                mode = StepTable.EXACT;
            }
            float scale = floats.get(ops.get(at + OpTable.CONSTANT));
            int q = ops.get(at + OpTable.IN) + query * dim;
            int out = query * step.get(StepTable.SCORES);
            int first = page * Pages.POSITIONS;
            int end = Math.min(first + Pages.POSITIONS, position + 1);
            float sum = 0;
            int summed = 0;
            if (dropped == 0 && mode == StepTable.DELTA && first < recent && end > middle) {
                int anchor = Pages.anchor(step, span, stream, first);
                for (int c = 0; c < dim; c++) {
                    sum += values.get(q + c) * pool.get(anchor + c);
                }
                summed = 1;
            }
            for (int j = first; j < end; j++) {
                if (summed == 1 && j < recent) {
                    int events = Pages.events(step, span, stream, j);
                    for (int c = 0; c < dim; c++) {
                        float event = pool.get(events + c);
                        if (event == event) {
                            sum += values.get(q + c) * event;
                        }
                    }
                }
                if (j < middle || j >= recent) {
                    float score = exact(step, values, pool, span, stream, j, q, dim);
                    scores.set(out + j, scale * score);
                } else if (dropped == 0) {
                    float score = sum;
                    if (mode == StepTable.EXACT) {
                        score = exact(step, values, pool, span, stream, j, q, dim);
                    } else if (mode == StepTable.PRUNED) {
                        score = pruned(step, values, pool, span, stream, j, q, dim);
                    }
                    scores.set(out + j, scale * score);
                }
            }
        }
    }

    private static float exact(
            IntArray step,
            FloatArray values,
            FloatArray pool,
            int span,
            int stream,
            int j,
            int q,
            int dim) {
        int key = Pages.exact(step, span, stream, j);
        float sum = 0;
        for (int c = 0; c < dim; c++) {
            sum += values.get(q + c) * pool.get(key + c);
        }
        return sum;
    }

    private static float pruned(
            IntArray step,
            FloatArray values,
            FloatArray pool,
            int span,
            int stream,
            int j,
            int q,
            int dim) {
        int key = Pages.exact(step, span, stream, j);
        int rule = Pages.rule(step, span, stream);
        float sum = 0;
        for (int c = 0; c < dim; c++) {
            float x = pool.get(key + c);
            if (Math.abs(x) > pool.get(rule + c)) {
                sum += values.get(q + c) * x;
            }
        }
        return sum;
    }

    /** Turns the scores of one query into weights, in one thread; NaN among them gives NaN. */
    public static void attendSoftmax(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray scores) {
        int query = context.globalIdx;
        int heads = step.get(StepTable.HEADS);
        if (query < step.get(StepTable.ROWS) * heads) {
            int at = OpTable.at(control, op);
            int row = query / heads;
            int head = query - row * heads;
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 0);
            int span = StepTable.span(step, row);
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int gap = step.get(run);
            int next = gap;
            if (StepTable.ofStream(step, span, stream, StepTable.DROPPED) != 0) {
                next = step.get(run + 1);
            }
            int out = query * step.get(StepTable.SCORES);
            float largest = -floats.get(FloatTables.INFINITY);
            for (int j = 0; j <= position; j++) {
                if (j < gap || j >= next) {
                    float score = scores.get(out + j);
                    if (score > largest) {
                        largest = score;
                    }
                }
            }
            float total = 0;
            for (int j = 0; j <= position; j++) {
                if (j < gap || j >= next) {
                    float weight = TornadoMath.exp(scores.get(out + j) - largest);
                    scores.set(out + j, weight);
                    total = total + weight;
                }
            }
            for (int j = 0; j <= position; j++) {
                if (j < gap || j >= next) {
                    scores.set(out + j, scores.get(out + j) / total);
                }
            }
        }
    }

    /**
     * Sums the values, weighted; a thread sums one channel of one query. An encoded middle is
     * rebuilt from its events on the way.
     */
    public static void attendMix(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray values,
            FloatArray pool,
            FloatArray scores) {
        int i = context.globalIdx;
        int heads = step.get(StepTable.HEADS);
        int dim = step.get(StepTable.DIM);
        if (i < step.get(StepTable.ROWS) * heads * dim) {
            int at = OpTable.at(control, op);
            int query = i / dim;
            int channel = i - query * dim;
            int row = query / heads;
            int head = query - row * heads;
            int kvHead = head / (heads / step.get(StepTable.KV_HEADS));
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), kvHead, 1);
            int span = StepTable.span(step, row);
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int middle = step.get(run);
            int recent = step.get(run + 1);
            int weights = query * step.get(StepTable.SCORES);
            int mode = StepTable.ofStream(step, span, stream, StepTable.MODE);
            if (position < StepTable.ofStream(step, span, stream, StepTable.ENCODED_FOR)) {
                mode = StepTable.EXACT;
            }
            float sum = 0;
            for (int j = 0; j < middle; j++) {
                sum +=
                        scores.get(weights + j)
                                * pool.get(Pages.exact(step, span, stream, j) + channel);
            }
            if (StepTable.ofStream(step, span, stream, StepTable.DROPPED) == 0) {
                if (mode == StepTable.DELTA) {
                    float reference = 0;
                    if (middle < recent) {
                        reference = Pages.reference(step, pool, span, stream, middle, channel);
                    }
                    for (int j = middle; j < recent; j++) {
                        float event = pool.get(Pages.events(step, span, stream, j) + channel);
                        if (event == event) {
                            reference = reference + event;
                        }
                        sum += scores.get(weights + j) * reference;
                    }
                } else {
                    float theta = -1;
                    if (mode == StepTable.PRUNED) {
                        theta = pool.get(Pages.rule(step, span, stream) + channel);
                    }
                    for (int j = middle; j < recent; j++) {
                        float x = pool.get(Pages.exact(step, span, stream, j) + channel);
                        if (mode == StepTable.EXACT || Math.abs(x) > theta) {
                            sum += scores.get(weights + j) * x;
                        }
                    }
                }
            }
            for (int j = recent; j <= position; j++) {
                sum +=
                        scores.get(weights + j)
                                * pool.get(Pages.exact(step, span, stream, j) + channel);
            }
            values.set(ops.get(at + OpTable.OUT) + i, sum);
        }
    }
}
