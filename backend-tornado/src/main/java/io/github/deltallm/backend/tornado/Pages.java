package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How rows lie in pages. A page has 32 positions of all streams of a sequence, stream after stream;
 * in a stream {@link #SLOTS} rows of {@code headDim} floats.
 *
 * <p>Pages of exact rows leave the last slot unused. Pages of encoded rows begin with the reference
 * before their first position, and hold events, NaN where a channel is unchanged. A sequence's rule
 * page has thresholds in slot 0 and steps in slot 1.
 */
final class Pages {
    /** Positions of a page. */
    static final int POSITIONS = 32;

    static final int SLOTS = POSITIONS + 1;

    private Pages() {}

    /** Index of the first channel of a slot. */
    static int slot(IntArray step, int page, int stream, int slot) {
        return ((page * step.get(StepTable.STREAMS) + stream) * SLOTS + slot)
                * step.get(StepTable.DIM);
    }

    /** The exact row of a position. */
    static int exact(IntArray step, int span, int stream, int position) {
        int pages = StepTable.ofSpan(step, span, StepTable.EXACT_PAGES);
        return slot(step, step.get(pages + position / POSITIONS), stream, position % POSITIONS);
    }

    /** The reference before the first position of the page that has a position. */
    static int anchor(IntArray step, int span, int stream, int position) {
        int pages = StepTable.ofSpan(step, span, StepTable.ENCODED_PAGES);
        return slot(step, step.get(pages + position / POSITIONS), stream, 0);
    }

    /** The events of a position. */
    static int events(IntArray step, int span, int stream, int position) {
        return anchor(step, span, stream, position)
                + (1 + position % POSITIONS) * step.get(StepTable.DIM);
    }

    /** A channel's threshold; its step is a row further on. */
    static int rule(IntArray step, int span, int stream) {
        return slot(step, StepTable.ofSpan(step, span, StepTable.RULE_PAGE), stream, 0);
    }

    /** The reference of a channel before a position: that of the page, and what changed since. */
    static float reference(
            IntArray step, FloatArray pool, int span, int stream, int position, int channel) {
        int dim = step.get(StepTable.DIM);
        int anchor = anchor(step, span, stream, position);
        float reference = pool.get(anchor + channel);
        for (int slot = 1; slot <= position % POSITIONS; slot++) {
            float event = pool.get(anchor + slot * dim + channel);
            reference = event == event ? reference + event : reference;
        }
        return reference;
    }
}
