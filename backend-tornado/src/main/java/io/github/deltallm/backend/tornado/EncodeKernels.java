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

    /** Where counts begin; {@link Progress} lies before them. */
    static final int FIRST_COUNT = 1;

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
            IntArray places,
            FloatArray floats,
            FloatArray values,
            FloatArray pool,
            IntArray words) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
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
            int position = StepTable.position(step, row);
            Stores.put(step, places, floats, values, pool, words, span, stream, position, from);
            Stores.putSize(step, places, floats, values, pool, span, stream, position, from);
            Stores.putSteps(step, places, values, pool, words, span, stream, position, from);
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
            IntArray places,
            FloatArray floats,
            FloatArray pool,
            IntArray words) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int dim = step.get(StepTable.DIM);
        int ofSpan = step.get(StepTable.KV_HEADS) * 2 * dim;
        if (i < step.get(StepTable.SPANS) * ofSpan * control.get(Control.ENCODES)) {
            int span = i / ofSpan;
            int headKind = i % ofSpan / dim;
            int channel = i % dim;
            int layer = ops.get(OpTable.at(control, op) + OpTable.LAYER);
            int stream = StepTable.stream(step, layer, headKind / 2, headKind % 2);
            int from = StepTable.ofStream(step, span, stream, StepTable.ENCODE_FROM);
            int end = StepTable.ofStream(step, span, stream, StepTable.ENCODE_TO);
            int f32 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_F32);
            int bf16 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_BF16);
            int int8 = StepTable.ofStream(step, span, stream, StepTable.EVENTS_INT8);
            int rule = Places.of(step, places, span, stream, Places.RULE) + channel;
            float threshold = pool.get(rule);
            float size = pool.get(rule + dim);
            float reference = 0;
            for (int any = 0; any < Math.min(1, end); any++) {
                reference = Places.reference(step, places, pool, span, stream, from, channel);
            }
            for (int position = from; position < Math.min(end, 1); position++) {
                float input =
                        Stores.get(step, places, floats, pool, words, span, stream, 0, channel);
                int open = Places.open(step, places, span, stream, 0) + channel;
                pool.set(open, 0);
                pool.set(open + dim, input);
                reference = input;
            }
            for (int position = Math.max(from, 1); position < end; position++) {
                float input =
                        Stores.get(
                                step, places, floats, pool, words, span, stream, position, channel);
                float change = input - reference;
                int changed = changed(change, threshold, size);
                float event = 0;
                for (int k = 0; k < changed * f32; k++) {
                    event = change;
                }
                for (int k = 0; k < changed * bf16; k++) {
                    event = Floats.bf16(change, floats);
                }
                for (int k = 0; k < changed * int8; k++) {
                    event = stepped(change, size);
                }
                reference = reference + event;
                int finite = reference - reference == 0 ? 1 : 0;
                float stored =
                        Floats.clamped(event, -3.4028235e38f, 3.4028235e38f)
                                + floats.get(FloatTables.MARKS + changed)
                                + floats.get(FloatTables.LIMITS + finite);
                int open = Places.open(step, places, span, stream, position) + channel;
                pool.set(open + (1 + position % Places.BLOCK) * dim, stored);
                // The next block begins with the reference behind this one.
                for (int last = Places.BLOCK - 1; last <= position % Places.BLOCK; last++) {
                    int next = Places.open(step, places, span, stream, position + 1);
                    pool.set(next + channel, reference);
                }
            }
        }
    }

    /** 1 where a channel is transmitted behind row 0, else 0. */
    static int changed(float change, float threshold, float step) {
        float size = Math.abs(change);
        int larger = size > threshold ? 1 : 0;
        int normal = size >= LEAST_CHANGE ? 1 : 0;
        int known = step > 0 ? 1 : 0;
        return larger * normal * known;
    }

    /** A change as a whole number of steps; what is left goes to the next one. */
    static float stepped(float change, float step) {
        float divisor = Math.max(step, 1.17549435e-38f);
        float steps = Floats.rounded(Floats.clamped(Floats.quotient(change, divisor), -127, 127));
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
            IntArray places,
            FloatArray floats,
            FloatArray pool,
            IntArray words,
            IntArray counts) {
        int i = context.globalIdx;
        Progress.count(ops, control, i);
        int kvHeads = step.get(StepTable.KV_HEADS);
        int rows = step.get(StepTable.ROWS);
        if (i < rows * kvHeads * 2 * control.get(Control.ENCODES)) {
            int row = i / (kvHeads * 2);
            int layer = ops.get(OpTable.at(control, op) + OpTable.LAYER);
            int stream = StepTable.stream(step, layer, i / 2 % kvHeads, i % 2);
            int span = StepTable.span(step, row);
            int dim = step.get(StepTable.DIM);
            int position = StepTable.position(step, row);
            int rule = Places.of(step, places, span, stream, Places.RULE);
            int pruned = StepTable.ofStream(step, span, stream, StepTable.PRUNED);
            int end = StepTable.ofStream(step, span, stream, StepTable.ENCODE_TO);
            // Waiting streams have nothing encoded yet, but can't hold what they could not encode.
            int checked = StepTable.ofStream(step, span, stream, StepTable.CHECKED) * dim;
            int encoded = Math.min(1, Math.max(0, end - position)) * dim;
            int count = 0;
            int bad = 0;
            for (int c = 0; c < checked; c++) {
                float x = Stores.get(step, places, floats, pool, words, span, stream, position, c);
                bad += x - x == 0 ? 0 : 1;
                for (int k = 0; k < pruned; k++) {
                    count += Math.abs(x) > pool.get(rule + c) ? 1 : 0;
                }
            }
            for (int any = 0; any < Math.min(1, encoded); any++) {
                int open = Places.open(step, places, span, stream, position);
                int events = open + (1 + position % Places.BLOCK) * dim;
                for (int c = 0; c < encoded; c++) {
                    float event = pool.get(events + c);
                    int there = event == event ? 1 : 0;
                    int finite = event - event == 0 ? 1 : 0;
                    count += there;
                    bad += there - finite;
                }
            }
            int refused = Math.min(bad, 1);
            int to = FIRST_COUNT + row * step.get(StepTable.STREAMS) + stream;
            counts.set(to, count * (1 - refused) - refused);
        }
    }
}
