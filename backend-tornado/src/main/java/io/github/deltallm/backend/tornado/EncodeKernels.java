package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Puts keys and values into a sequence's pages, and encodes what changed (DeltaLLM, section 1). */
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
            int store = StepTable.ofStream(step, span, stream, StepTable.STORE);
            int from = ops.get(at + OpTable.SECOND + kind) + (row * kvHeads + head) * dim;
            int to = Pages.exact(step, span, stream, StepTable.position(step, row));
            roundRow(store, dim, floats, values, from, pool, to);
        }
    }

    /** Copies a row, rounded to a store. */
    static void roundRow(
            int store,
            int dim,
            FloatArray floats,
            FloatArray values,
            int from,
            FloatArray pool,
            int to) {
        float scale = 0;
        if (store >= StepTable.INT8) {
            float largest = 0;
            for (int c = 0; c < dim; c++) {
                float x = values.get(from + c);
                largest = Math.max(largest, Math.abs(x));
            }
            float most = 127;
            if (store == StepTable.INT4) {
                most = 7;
            }
            scale = Floats.exactMultiple(largest / most, floats);
        }
        for (int c = 0; c < dim; c++) {
            float x = values.get(from + c);
            if (store == StepTable.BF16) {
                x = Floats.bf16(x, floats);
            } else if (scale > 0) {
                x = scale * Floats.rounded(x / scale);
            }
            pool.set(to + c, x);
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
            if (from >= 0) {
                int end =
                        StepTable.ofSpan(step, span, StepTable.POSITION)
                                + StepTable.ofSpan(step, span, StepTable.COUNT);
                int rule = Pages.rule(step, span, stream) + channel;
                float reference = before(step, pool, span, stream, from, channel);
                for (int position = from; position < end; position++) {
                    int anchor = Pages.anchor(step, span, stream, position) + channel;
                    int slot = position % Pages.POSITIONS;
                    if (slot == 0) {
                        pool.set(anchor, reference);
                    }
                    float input = pool.get(Pages.exact(step, span, stream, position) + channel);
                    float event =
                            transmitted(
                                    position,
                                    input,
                                    reference,
                                    pool.get(rule),
                                    pool.get(rule + dim),
                                    floats);
                    if (event == event) {
                        reference = reference + event;
                    }
                    pool.set(anchor + (slot + 1) * dim, event);
                }
            }
        }
    }

    /** The reference of a channel before a position, 0 before the first. */
    static float before(
            IntArray step, FloatArray pool, int span, int stream, int from, int channel) {
        float reference = 0;
        if (from > 0) {
            reference = Pages.reference(step, pool, span, stream, from - 1, channel);
            float event = pool.get(Pages.events(step, span, stream, from - 1) + channel);
            if (event == event) {
                reference = reference + event;
            }
        }
        return reference;
    }

    /**
     * What is transmitted of an input: NaN for nothing, infinity where the reference would be
     * infinite.
     */
    static float transmitted(
            int position,
            float input,
            float reference,
            float threshold,
            float format,
            FloatArray floats) {
        float event = floats.get(FloatTables.NAN);
        float change = input - reference;
        float size = Math.abs(change);
        if (position == 0) {
            event = input;
        } else if (size > threshold && size >= LEAST_CHANGE && format != 0) {
            event = event(change, format, floats);
        }
        if (event == event && !Floats.finite(reference + event)) {
            event = floats.get(FloatTables.INFINITY);
        }
        return event;
    }

    /** What is transmitted of a change. */
    private static float event(float change, float format, FloatArray floats) {
        float event = change;
        if (format == Pages.EVENTS_BF16) {
            event = Floats.bf16(change, floats);
        } else if (format > 0) {
            // Through a clamp again, so that no compiler fuses the product with the sum behind it.
            float steps = Floats.rounded(Floats.clamped(change / format, -127, 127));
            event = Floats.clamped(format * steps, -3.4028235e38f, 3.4028235e38f);
        }
        return event;
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
            int mode = StepTable.ofStream(step, span, stream, StepTable.MODE);
            int count = 0;
            if (mode != StepTable.EXACT) {
                int dim = step.get(StepTable.DIM);
                int position = StepTable.position(step, row);
                int exact = Pages.exact(step, span, stream, position);
                int encoded = StepTable.ofStream(step, span, stream, StepTable.ENCODE_FROM);
                int bad = 0;
                for (int c = 0; c < dim; c++) {
                    float x = pool.get(exact + c);
                    if (!Floats.finite(x)) {
                        bad = 1;
                    }
                    if (mode == StepTable.PRUNED) {
                        if (Math.abs(x) > pool.get(Pages.rule(step, span, stream) + c)) {
                            count = count + 1;
                        }
                    } else if (encoded >= 0) {
                        float event = pool.get(Pages.events(step, span, stream, position) + c);
                        if (event == event) {
                            count = count + 1;
                            if (!Floats.finite(event)) {
                                bad = 1;
                            }
                        }
                    }
                }
                if (bad != 0) {
                    count = -1;
                }
            }
            counts.set(row * step.get(StepTable.STREAMS) + stream, count);
        }
    }
}
