package io.github.deltallm.backend.cpu;

import java.lang.foreign.MemorySegment;

/** A row of activations whose values a {@link SixBitWeight} multiplies one by one. */
final class BroadcastRow {
    /** {@code [column]}: an array, of which kernels read single values faster than of a segment. */
    final float[] values;

    /** Of every 16 columns: their sum. */
    final float[] sums;

    /**
     * @param columns of the longest row, a multiple of 16
     */
    BroadcastRow(int columns) {
        values = new float[columns];
        sums = new float[columns / 16];
    }

    /** Takes the first row. */
    void take(Rows in) {
        MemorySegment.copy(in.data(), Lanes.FLOAT, in.at(0), values, 0, in.width());
        for (int c = 0; c < in.width(); c += 16) {
            sums[c / 16] = Sums.of(values, c, 16);
        }
    }
}
