package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Where the rows of a step's sequences lie: a header a span and stream, then lists with two numbers
 * a block of 32 positions, its first float in {@code pool} and its first word in {@code words}.
 *
 * <ul>
 *   <li>Exact rows: {@code [32, dim]} floats if they are f32, else words, see {@link Stores}.
 *   <li>Encoded rows of an open block: {@code [1 + 32, dim]} floats, the reference before the first
 *       position and then events, NaN where a channel is unchanged.
 *   <li>Encoded rows of a packed block: see {@link PackKernels}.
 * </ul>
 */
final class Places {
    /** Positions of a block. */
    static final int BLOCK = 32;

    /** Rows of an open block: the reference, and a row a position. */
    static final int SLOTS = BLOCK + 1;

    /** Blocks from one reference in full to the next. */
    static final int ANCHORED = 4;

    /** A number of its own, for {@link Progress}; streams follow. */
    static final int TICKET = 0;

    static final int HEADER = 4;

    // A stream of a span: where its lists begin, blocks that are packed, its rule among the floats.
    static final int STRIDE = 4;
    static final int EXACT = 0;
    static final int EVENTS = 1;
    static final int PACKED = 2;

    /** First float of thresholds, a channel each; steps follow. */
    static final int RULE = 3;

    private Places() {}

    static int of(IntArray step, IntArray places, int span, int stream, int what) {
        int index = span * step.get(StepTable.STREAMS) + stream;
        return places.get(HEADER + index * STRIDE + what);
    }

    /** Index of the numbers of the exact block that has a position. */
    static int exact(IntArray step, IntArray places, int span, int stream, int position) {
        return of(step, places, span, stream, EXACT) + 2 * (position / BLOCK);
    }

    /** Index of the numbers of the encoded block that has a position. */
    static int events(IntArray step, IntArray places, int span, int stream, int position) {
        return of(step, places, span, stream, EVENTS) + 2 * (position / BLOCK);
    }

    /** First float of the reference before the open block that has a position. */
    static int open(IntArray step, IntArray places, int span, int stream, int position) {
        return places.get(events(step, places, span, stream, position));
    }

    /** The reference of a channel before a position of an open block; 0 before the first. */
    static float reference(
            IntArray step,
            IntArray places,
            FloatArray pool,
            int span,
            int stream,
            int position,
            int channel) {
        int dim = step.get(StepTable.DIM);
        float reference = 0;
        for (int any = 0; any < Math.min(1, position); any++) {
            int open = open(step, places, span, stream, position) + channel;
            reference = pool.get(open);
            for (int slot = 1; slot <= position % BLOCK; slot++) {
                float event = pool.get(open + slot * dim);
                reference = event == event ? reference + event : reference;
            }
        }
        return reference;
    }
}
