package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention over pages: scores, softmax and mix, each for all rows and query heads of a layer.
 *
 * <p>Scores lie at {@code (row * heads + head) * SCORES + position}. Where a middle is encoded they
 * are prefix sums over the events, beginning anew with each page's reference. What a run needs is
 * in the bounds of loops, see {@link EncodeKernels}.
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
            int middle = step.get(run + StepTable.MIDDLE);
            int recent = step.get(run + StepTable.RECENT);
            float scale = floats.get(ops.get(at + OpTable.CONSTANT));
            int q = ops.get(at + OpTable.IN) + query * dim;
            int out = query * step.get(StepTable.SCORES);
            int first = page * Pages.POSITIONS;
            int end = Math.min(first + Pages.POSITIONS, position + 1);
            // Sums go on from key to key, from the page's first one on; sinks are written over
            // below.
            int encoded = step.get(run + StepTable.KEYS_ENCODED);
            int any = Math.min(1, Math.max(0, encoded - middle));
            int summed = Math.min(end, encoded) * any;
            int anchor = Pages.anchor(step, span, stream, first * any);
            float sum = 0;
            for (int c = 0; c < Math.min(dim, Math.max(0, summed - first) * dim); c++) {
                sum += values.get(q + c) * pool.get(anchor + c);
            }
            for (int j = first; j < summed; j++) {
                int events = anchor + (1 + j - first) * dim;
                for (int c = 0; c < dim; c++) {
                    float event = pool.get(events + c);
                    sum += event == event ? values.get(q + c) * event : 0;
                }
                scores.set(out + j, scale * sum);
            }
            int from = Math.max(first, middle);
            int kept = Math.min(end, step.get(run + StepTable.KEYS_PRUNED));
            for (int j = from; j < kept; j++) {
                float score = pruned(step, values, pool, span, stream, j, q, dim);
                scores.set(out + j, scale * score);
            }
            int whole = Math.min(end, step.get(run + StepTable.KEYS_EXACT));
            for (int j = from; j < whole; j++) {
                float score = exact(step, values, pool, span, stream, j, q, dim);
                scores.set(out + j, scale * score);
            }
            for (int j = first; j < Math.min(end, middle); j++) {
                float score = exact(step, values, pool, span, stream, j, q, dim);
                scores.set(out + j, scale * score);
            }
            for (int j = Math.max(first, recent); j < end; j++) {
                float score = exact(step, values, pool, span, stream, j, q, dim);
                scores.set(out + j, scale * score);
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
            float kept = Math.abs(x) > pool.get(rule + c) ? 1 : 0;
            sum += values.get(q + c) * x * kept;
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
            int position = StepTable.position(step, row);
            int run = StepTable.run(step, stream / 2, row);
            int gap = step.get(run + StepTable.MIDDLE);
            int next = step.get(run + StepTable.RESUMED);
            int out = query * step.get(StepTable.SCORES);
            float largest = -floats.get(FloatTables.INFINITY);
            for (int j = 0; j < gap; j++) {
                largest = Math.max(largest, scores.get(out + j));
            }
            for (int j = next; j <= position; j++) {
                largest = Math.max(largest, scores.get(out + j));
            }
            float total = 0;
            for (int j = 0; j < gap; j++) {
                float weight = TornadoMath.exp(scores.get(out + j) - largest);
                scores.set(out + j, weight);
                total = total + weight;
            }
            for (int j = next; j <= position; j++) {
                float weight = TornadoMath.exp(scores.get(out + j) - largest);
                scores.set(out + j, weight);
                total = total + weight;
            }
            for (int j = 0; j < gap; j++) {
                scores.set(out + j, scores.get(out + j) / total);
            }
            for (int j = next; j <= position; j++) {
                scores.set(out + j, scores.get(out + j) / total);
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
            int middle = step.get(run + StepTable.MIDDLE);
            int recent = step.get(run + StepTable.RECENT);
            int weights = query * step.get(StepTable.SCORES);
            float sum = 0;
            for (int j = 0; j < middle; j++) {
                sum +=
                        scores.get(weights + j)
                                * pool.get(Pages.exact(step, span, stream, j) + channel);
            }
            int summed = step.get(run + StepTable.VALUES_ENCODED);
            float reference = 0;
            for (int j = middle; j < Math.min(summed, middle + 1); j++) {
                reference = Pages.reference(step, pool, span, stream, j, channel);
            }
            for (int j = middle; j < summed; j++) {
                float event = pool.get(Pages.events(step, span, stream, j) + channel);
                reference = event == event ? reference + event : reference;
                sum += scores.get(weights + j) * reference;
            }
            int whole = step.get(run + StepTable.VALUES_EXACT);
            for (int j = middle; j < whole; j++) {
                sum +=
                        scores.get(weights + j)
                                * pool.get(Pages.exact(step, span, stream, j) + channel);
            }
            int kept = step.get(run + StepTable.VALUES_PRUNED);
            int rule = Pages.rule(step, span, stream) + channel;
            for (int j = middle; j < kept; j++) {
                float x = pool.get(Pages.exact(step, span, stream, j) + channel);
                float there = Math.abs(x) > pool.get(rule) ? 1 : 0;
                sum += scores.get(weights + j) * x * there;
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
