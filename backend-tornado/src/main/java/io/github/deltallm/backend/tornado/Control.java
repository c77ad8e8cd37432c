package io.github.deltallm.backend.tornado;

/** The few numbers that change from one execution of a task graph to the next. */
final class Control {
    /** The row of {@link OpTable} that the graph's operations are counted from. */
    static final int BASE = 0;

    /** Rows to compute. */
    static final int ROWS = 1;

    /** Floats of a chunk that is moved, and how many chunks. */
    static final int LENGTH = 2;

    static final int CHUNKS = 3;

    /** The first query whose attention is computed, and how many: a query a row and head. */
    static final int QUERY = 4;

    static final int QUERIES = 5;

    /** 1 to encode the step's rows, 0 where that is done. */
    static final int ENCODES = 6;

    /** What a kernel adds to {@link Progress}. */
    static final int TICKET = 7;

    /** Rows whose logits are computed, or offsets of chunks that are moved. */
    static final int LIST = 8;

    private Control() {}
}
