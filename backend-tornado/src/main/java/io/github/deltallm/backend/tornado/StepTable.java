package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * How a step lies on the device: a header, then tables of rows, streams and visible runs. Where
 * keys and values lie is in {@link Places}.
 *
 * <p>A stream is the keys or the values of one head of one layer: number {@code ((layer * kvHeads +
 * head) * 2 + kind)} of a sequence.
 */
final class StepTable {
    static final int ROWS = 0;
    static final int SPANS = 1;
    static final int KV_HEADS = 2;
    static final int HEADS = 3;
    static final int DIM = 4;

    /** Streams of a sequence. */
    static final int STREAMS = 5;

    /** Floats between the scores of two heads. */
    static final int SCORES = 6;

    /** The most blocks that a span's queries see. */
    static final int BLOCKS = 7;

    static final int ROW_TABLE = 8;
    static final int STREAM_TABLE = 9;
    static final int RUN_TABLE = 10;

    /** A number of its own, for {@link Progress}. */
    static final int TICKET = 11;

    static final int HEADER = 16;

    // A row: its token, its position, its span.
    static final int ROW_STRIDE = 3;

    // A stream: flags of 0 or 1, which bound loops, and what is to be encoded.
    static final int STREAM_STRIDE = 12;

    /** How its rows are rounded: as they are, to bf16, to steps of 127 or of 7 each way. */
    static final int STORE_F32 = 0;

    static final int STORE_BF16 = 1;
    static final int STORE_STEPS = 2;

    /** Steps each way, as a whole number. */
    static final int MOST_STEPS = 3;

    /** Whether channels up to a threshold count as zero. */
    static final int PRUNED = 4;

    /** Positions {@code [ENCODE_FROM, ENCODE_TO)} are encoded, which may be none. */
    static final int ENCODE_FROM = 5;

    static final int ENCODE_TO = 6;

    /** The format of its events. */
    static final int EVENTS_F32 = 7;

    static final int EVENTS_BF16 = 8;
    static final int EVENTS_INT8 = 9;

    /** Whether its rows must be finite. */
    static final int CHECKED = 10;

    /** Words of a row that is not kept as f32. */
    static final int ROW_WORDS = 11;

    // What the queries of a layer, head and row see: [0, MIDDLE) and [RECENT, position] exactly. Of
    // the six other runs, which all begin at MIDDLE, one of the keys and one of the values is not
    // empty, or none where the middle is dropped.
    static final int RUN_STRIDE = 9;
    static final int MIDDLE = 0;
    static final int RECENT = 1;

    /** Where visible keys go on behind those that are dropped: MIDDLE if none are. */
    static final int RESUMED = 2;

    /** Ends of the runs of keys that are seen exactly, pruned and encoded. */
    static final int KEYS_EXACT = 3;

    static final int KEYS_PRUNED = 4;
    static final int KEYS_ENCODED = 5;
    static final int VALUES_EXACT = 6;
    static final int VALUES_PRUNED = 7;
    static final int VALUES_ENCODED = 8;

    private StepTable() {}

    static int token(IntArray step, int row) {
        return step.get(step.get(ROW_TABLE) + row * ROW_STRIDE);
    }

    static int position(IntArray step, int row) {
        return step.get(step.get(ROW_TABLE) + row * ROW_STRIDE + 1);
    }

    static int span(IntArray step, int row) {
        return step.get(step.get(ROW_TABLE) + row * ROW_STRIDE + 2);
    }

    static int ofStream(IntArray step, int span, int stream, int what) {
        return step.get(streamAt(step, span, stream) + what);
    }

    /** Index of what is known about a stream of a span. */
    static int streamAt(IntArray step, int span, int stream) {
        int index = span * step.get(STREAMS) + stream;
        return step.get(STREAM_TABLE) + index * STREAM_STRIDE;
    }

    /** Index of the runs of a row. */
    static int run(IntArray step, int layerHead, int row) {
        return step.get(RUN_TABLE) + (layerHead * step.get(ROWS) + row) * RUN_STRIDE;
    }

    /** The number of a stream in its sequence. */
    static int stream(IntArray step, int layer, int head, int kind) {
        return (layer * step.get(KV_HEADS) + head) * 2 + kind;
    }
}
