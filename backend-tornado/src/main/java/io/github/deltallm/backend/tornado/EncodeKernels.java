package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Puts keys and values into a sequence's pages, and encodes what changed (DeltaLLM, section 1).
 *
 * <p>Flags of {@link StepTable} bound loops or multiply: TornadoVM 5.2 loses code behind nested
 * branches, and behind loops whose bounds are choices.
 */
public final class EncodeKernels {
    /** Devices flush smaller numbers to zero, so a smaller change counts as none. */
    private static final float LEAST_CHANGE = 1.17549435e-38f;

    private EncodeKernels() {}

    /**
     * Rounds the rows of a step to their stores and appends them. A thread does a row of one head's
     * keys or values.
     */
    public static void appendRows(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray values,
            FloatArray pool) {
        int i = context.globalIdx;
        int kvHeads = step.get(StepTable.KV_HEADS);
        if (i < step.get(StepTable.ROWS) * kvHeads * 2) {
            int at = OpTable.at(control, op);
            int row = i / (kvHeads * 2);
            int head = i / 2 % kvHeads;
            int kind = i % 2;
            int dim = step.get(StepTable.DIM);
            int span = StepTable.span(step, row);
            int stream = StepTable.stream(step, ops.get(at + OpTable.LAYER), head, kind);
            int from = ops.get(at + OpTable.SECOND + kind) + (row * kvHeads + head) * dim;
            int to = Pages.exact(step, span, stream, StepTable.position(step, row));
            int plain = StepTable.ofStream(step, span, stream, StepTable.STORE_F32) * dim;
            int halved = StepTable.ofStream(step, span, stream, StepTable.STORE_BF16) * dim;
            int stepped = StepTable.ofStream(step, span, stream, StepTable.STORE_STEPS) * dim;
            int most = StepTable.ofStream(step, span, stream, StepTable.MOST_STEPS);
            for (int c = 0; c < plain; c++) {
                pool.set(to + c, values.get(from + c));
            }
            for (int c = 0; c < halved; c++) {
                pool.set(to + c, Floats.bf16(values.get(from + c), floats));
            }
            float largest = 0;
            for (int c = 0; c < stepped; c++) {
                largest = Math.max(largest, Math.abs(values.get(from + c)));
            }
            float size = Floats.stepSize(largest, most, floats);
            for (int c = 0; c < stepped; c++) {
                pool.set(to + c, size * Floats.rounded(values.get(from + c) / size));
            }
        }
    }

    /**
     * Encodes one channel of a stream in one thread, position by position, in the closed loop: what
     * is transmitted is what is added to the reference.
     */
    public static void encodeRows(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray floats,
            FloatArray pool) {
        int i = context.globalIdx;
        int dim = step.get(StepTable.DIM);
        int ofSpan = step.get(StepTable.KV_HEADS) * 2 * dim;
        if (i < step.get(StepTable.SPANS) * ofSpan) {
            int span = i / ofSpan;
            int headKind = i % ofSpan / dim;
            int channel = i % dim;
            int layer = ops.get(OpTable.at(control, op) + OpTable.LAYER);
            int stream = StepTable.stream(step, layer, headKind / 2, headKind % 2);
            int from = StepTable.ofStream(step, span, stream, StepTable.ENCODE_FROM);
            int end = StepTable.ofStream(step, span, stream, StepTable.ENCODE_TO);
            float f32 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_F32);
            float bf16 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_BF16);
            float int8 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_INT8);
            int rule = Pages.rule(step, span, stream) + channel;
            float threshold = pool.get(rule);
            float size = pool.get(rule + dim);
            float reference = before(step, pool, span, stream, from, channel);
            for (int position = from; position < Math.min(end, 1); position++) {
                float input = pool.get(Pages.exact(step, span, stream, 0) + channel);
                pool.set(Pages.anchor(step, span, stream, 0) + channel, 0);
                pool.set(Pages.events(step, span, stream, 0) + channel, input);
                reference = input;
            }
            int next = Math.max(from, 1);
            for (int page = next / Pages.POSITIONS; page * Pages.POSITIONS < end; page++) {
                int first = Math.max(next, page * Pages.POSITIONS);
                int last = Math.min(end, (page + 1) * Pages.POSITIONS);
                int anchor = Pages.anchor(step, span, stream, first) + channel;
                for (int at = first; at <= page * Pages.POSITIONS; at++) {
                    pool.set(anchor, reference);
                }
                for (int position = first; position < last; position++) {
                    float input = pool.get(Pages.exact(step, span, stream, position) + channel);
                    float change = input - reference;
                    int changed = changed(change, threshold, size);
                    float event =
                            f32 * change
                                    + bf16 * halved(change, floats)
                                    + int8 * stepped(change, size);
                    reference = reference + changed * event;
                    int finite = reference - reference == 0 ? 1 : 0;
                    float stored =
                            event
                                    + floats.get(FloatTables.MARKS + changed)
                                    + floats.get(FloatTables.LIMITS + finite);
                    pool.set(anchor + (1 + position % Pages.POSITIONS) * dim, stored);
                }
            }
        }
    }

    /** The reference of a channel before a position, 0 before the first. */
    static float before(
            IntArray step, FloatArray pool, int span, int stream, int from, int channel) {
        float reference = 0;
        for (int last = from - 1; last >= 0; last = -1) {
            float event = pool.get(Pages.events(step, span, stream, last) + channel);
            reference = Pages.reference(step, pool, span, stream, last, channel);
            reference = reference + (event == event ? event : 0);
        }
        return reference;
    }

    /** 1 where a channel is transmitted behind row 0, else 0. */
    static int changed(float change, float threshold, float step) {
        float size = Math.abs(change);
        int larger = size > threshold ? 1 : 0;
        int normal = size >= LEAST_CHANGE ? 1 : 0;
        int known = step > 0 ? 1 : 0;
        return larger * normal * known;
    }

    /** A change in bf16, always finite. */
    static float halved(float change, FloatArray floats) {
        return Floats.clamped(Floats.bf16(change, floats), -3.3895314e38f, 3.3895314e38f);
    }

    /** A change as a whole number of steps; what is left goes to the next one. */
    static float stepped(float change, float step) {
        float divisor = Math.max(step, 1.17549435e-38f);
        float steps = Floats.rounded(Floats.clamped(change / divisor, -127, 127));
        // Through a clamp again, so that no compiler fuses the product with the sum behind it.
        return Floats.clamped(step * steps, -3.4028235e38f, 3.4028235e38f);
    }

    /**
     * Counts the changed or kept channels of each row of a step, -1 where a row can't be encoded. A
     * thread counts a row of one head's keys or values.
     */
    public static void tallyRows(
            KernelContext context,
            int op,
            IntArray control,
            IntArray ops,
            IntArray step,
            FloatArray pool,
            IntArray counts) {
        int i = context.globalIdx;
        int kvHeads = step.get(StepTable.KV_HEADS);
        int rows = step.get(StepTable.ROWS);
        if (i < rows * kvHeads * 2) {
            int row = i / (kvHeads * 2);
            int layer = ops.get(OpTable.at(control, op) + OpTable.LAYER);
            int stream = StepTable.stream(step, layer, i / 2 % kvHeads, i % 2);
            int span = StepTable.span(step, row);
            int dim = step.get(StepTable.DIM);
            int position = StepTable.position(step, row);
            int exact = Pages.exact(step, span, stream, position);
            int rule = Pages.rule(step, span, stream);
            int pruned = StepTable.ofStream(step, span, stream, StepTable.PRUNED) * dim;
            int end = StepTable.ofStream(step, span, stream, StepTable.ENCODE_TO);
            // Waiting streams have nothing encoded yet, but can't hold what they could not encode.
            int checked = StepTable.ofStream(step, span, stream, StepTable.CHECKED) * dim;
            int encoded = Math.min(1, Math.max(0, end - position)) * dim;
            int count = 0;
            int bad = 0;
            for (int c = 0; c < checked; c++) {
                float x = pool.get(exact + c);
                bad += x - x == 0 ? 0 : 1;
            }
            for (int c = 0; c < pruned; c++) {
                count += Math.abs(pool.get(exact + c)) > pool.get(rule + c) ? 1 : 0;
            }
            for (int c = 0; c < encoded; c++) {
                float event = pool.get(Pages.events(step, span, stream, position) + c);
                int there = event == event ? 1 : 0;
                int finite = event - event == 0 ? 1 : 0;
                count += there;
                bad += there - finite;
            }
            int refused = Math.min(bad, 1);
            counts.set(row * step.get(StepTable.STREAMS) + stream, count * (1 - refused) - refused);
        }
    }
}
