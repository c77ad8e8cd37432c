package io.github.deltallm.backend.opencl;

import java.util.Arrays;

/**
 * How many elements of each row an encoder transmits, or pruning keeps: row by row for the last
 * rows, in all for those before, which no query sees apart any more.
 */
final class RowsCounts {
    private final int sinks;

    /** The first row that is counted apart. */
    private int from;

    /** Elements of the rows before. */
    private long before;

    /** Elements of the sinks and of the row behind them, once that is no longer counted apart. */
    private long sinkEvents;

    /** Elements of rows {@code [from, from + i)}. */
    private long[] sums = new long[65];

    /**
     * @param sinks rows that every query sees exactly
     */
    RowsCounts(int sinks) {
        this.sinks = sinks;
    }

    RowsCounts(RowsCounts other) {
        sinks = other.sinks;
        from = other.from;
        before = other.before;
        sinkEvents = other.sinkEvents;
        sums = other.sums.clone();
    }

    /** Notes a row; rows come in order, or again. */
    void put(int row, int count) {
        int i = row - from;
        if (i + 1 >= sums.length) {
            sums = Arrays.copyOf(sums, 2 * i + 2);
        }
        sums[i + 1] = sums[i] + count;
    }

    /** Elements of rows {@code [first, end)}, all of which are counted apart. */
    long of(int first, int end) {
        return sums[end - from] - sums[first - from];
    }

    /** Elements of all rows before {@code row}; if it is not counted apart, it follows a sink. */
    long before(int row) {
        return row < from ? sinkEvents : before + sums[row - from];
    }

    /** Counts rows before {@code row} in all only; rows up to {@code length} are known. */
    void close(int row, int length) {
        long followed = Math.min(row, sinks + 1L);
        if (followed > from) {
            sinkEvents = before((int) followed);
        }
        int gone = row - from;
        long events = sums[gone];
        before += events;
        for (int i = 0; i <= length - row; i++) {
            sums[i] = sums[gone + i] - events;
        }
        from = row;
    }

    void clear() {
        from = 0;
        before = 0;
        sinkEvents = 0;
    }
}
