package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import java.util.Arrays;

/**
 * The rows of one head that are still open, encoded for one layer's attention: decoded events, row
 * after row, and how many there are. A buffer that layers and steps share.
 */
final class OpenRows {
    /** Position of the first row. */
    private int from;

    /** Position behind the last row whose events are here. */
    private int end;

    private int length;
    private int width;
    float[] events = new float[0];
    int[] counts = new int[0];
    private long[] sums = new long[1];

    /** Clears it for rows {@code [from, to)}, of which events are kept up to {@code end}. */
    void begin(int first, int to, int kept, int channels) {
        from = first;
        length = to;
        end = Math.max(first, Math.min(to, Lanes.ceilDiv(kept, BLOCK) * BLOCK));
        width = channels;
        int floats = Lanes.ceilDiv(end - from, BLOCK) * BLOCK * width;
        if (events.length < floats) {
            events = new float[floats + floats / 4];
        }
        int padded = Lanes.ceilDiv(to - from, BLOCK) * BLOCK;
        if (counts.length < padded) {
            counts = new int[padded + padded / 4];
        }
    }

    /** Position behind the last row. */
    int length() {
        return length;
    }

    int from() {
        return from;
    }

    /** Position behind the last row whose events are here. */
    int end() {
        return end;
    }

    /** Index of a row's events. */
    int at(int position) {
        return (position - from) * width;
    }

    /** Makes {@link #countBefore} known for rows up to {@code to}. */
    void sum(int to) {
        int rows = to - from;
        if (sums.length < rows + 1) {
            sums = new long[rows + rows / 4 + 1];
        }
        for (int i = 0; i < to - from; i++) {
            sums[i + 1] = sums[i] + counts[i];
        }
    }

    /** Events of the open rows before a position. */
    long countBefore(int position) {
        return sums[position - from];
    }

    /** Marks the rows of the last block that do not exist as transmitting nothing. */
    void pad(int position) {
        int padded = Lanes.ceilDiv(position - from, BLOCK) * BLOCK + from;
        if (position < padded && padded <= Lanes.ceilDiv(end - from, BLOCK) * BLOCK + from) {
            Arrays.fill(events, at(position), at(padded), -0f);
        }
    }
}
