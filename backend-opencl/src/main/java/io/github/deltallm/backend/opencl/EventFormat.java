package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding.Events;

/**
 * How the events of a block of 32 rows are kept, the same as in {@code delta.cl}: for every 8 lists
 * a 16-bit number of the events before them, a mask of 32 bits for every list, the events list
 * after list. A list is 32 channels of one key, or 32 rows of one channel of the values.
 */
final class EventFormat {
    /** The bits of an element that transmits nothing, where events are not packed: -0. */
    static final int NOTHING = 0x8000_0000;

    private static final int LISTS = 8;

    private final Events events;
    private final boolean keys;
    private final int dim;
    private final int lists;

    EventFormat(Events events, boolean keys, int dim) {
        this.events = events;
        this.keys = keys;
        this.dim = dim;
        lists = keys ? BLOCK * wordsOfRow(dim) : dim;
    }

    private static int wordsOfRow(int dim) {
        return Math.ceilDiv(dim, Integer.SIZE);
    }

    int code() {
        return switch (events) {
            case F32 -> 0;
            case BF16 -> 1;
            case INT8 -> 2;
        };
    }

    private int bits() {
        return switch (events) {
            case F32 -> 32;
            case BF16 -> 16;
            case INT8 -> 8;
        };
    }

    private int offsetWords() {
        return (Math.ceilDiv(lists, LISTS) + 1) / 2;
    }

    /** Words of a block with so many events. */
    int words(int count) {
        return offsetWords() + lists + Math.ceilDiv(count * bits(), Integer.SIZE);
    }

    /** Words of the largest block, and the reference before its first row. */
    int mostWords() {
        return dim + words(BLOCK * dim);
    }

    /** Number of events among the elements of rows. */
    static int count(float[] rows) {
        int count = 0;
        for (float event : rows) {
            count += Float.floatToRawIntBits(event) == NOTHING ? 0 : 1;
        }
        return count;
    }

    /**
     * Packs a block.
     *
     * @param rows events row after row, {@link #NOTHING} where there is none
     */
    int[] pack(float[] rows, DeltaRule rule) {
        int[] words = new int[words(count(rows))];
        int index = 0;
        for (int list = 0; list < lists; list++) {
            if (list % LISTS == 0) {
                RowsFormat.putBits(words, list / LISTS, Short.SIZE, index);
            }
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                int at = element(list, bit);
                if (at >= 0 && Float.floatToRawIntBits(rows[at]) != NOTHING) {
                    words[offsetWords() + list] |= 1 << bit;
                    put(words, index++, rows[at], rule.step(at % dim));
                }
            }
        }
        return words;
    }

    /**
     * Unpacks the block that begins at a word.
     *
     * @return events row after row, {@link #NOTHING} where there is none
     */
    float[] unpack(int[] words, int from, DeltaRule rule) {
        float[] rows = new float[BLOCK * dim];
        int index = 0;
        for (int list = 0; list < lists; list++) {
            int mask = words[from + offsetWords() + list];
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                int at = element(list, bit);
                if (at >= 0) {
                    rows[at] =
                            (mask >>> bit & 1) == 0
                                    ? Float.intBitsToFloat(NOTHING)
                                    : get(words, from, index++, rule.step(at % dim));
                }
            }
        }
        return rows;
    }

    /** Index of a list's element, row after row; -1 behind the last channel. */
    private int element(int list, int bit) {
        if (!keys) {
            return bit * dim + list;
        }
        int channel = list % wordsOfRow(dim) * Integer.SIZE + bit;
        return channel < dim ? list / wordsOfRow(dim) * dim + channel : -1;
    }

    private void put(int[] words, int index, float event, float step) {
        int at = (offsetWords() + lists) * Integer.SIZE / bits() + index;
        switch (events) {
            case F32 -> words[at] = Float.floatToRawIntBits(event);
            case BF16 -> RowsFormat.putBits(words, at, 16, Float.floatToRawIntBits(event) >>> 16);
            case INT8 ->
                    RowsFormat.putBits(
                            words, at, 8, step > 0 ? (int) Math.rint((double) event / step) : 0);
        }
    }

    private float get(int[] words, int from, int index, float step) {
        int at = (from + offsetWords() + lists) * Integer.SIZE / bits() + index;
        return switch (events) {
            case F32 -> Float.intBitsToFloat(words[at]);
            case BF16 -> Float.intBitsToFloat(RowsFormat.bits(words, at, 16) << 16);
            case INT8 -> step * RowsFormat.bits(words, at, 8);
        };
    }
}
