package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Encoding;

/**
 * How exact rows lie in a page, a block of {@link #BLOCK} positions, and how they are rounded: the
 * same as in {@code cache.cl}.
 *
 * <p>Keys are channel-major, {@code [channel][position]}, so that decoding has a key a work item;
 * values are position-major, {@code [position][channel]}. Rows of INT8 and INT4 begin with the
 * steps of the 32 rows as fp32; INT4 has channels {@code 2p} and {@code 2p + 1} in one byte.
 *
 * @param keys whether the rows are keys
 * @param dim channels of a row
 */
record RowsFormat(Encoding.Store store, boolean keys, int dim) {
    /** Positions of a block. */
    static final int BLOCK = 32;

    /** Words of a page. */
    int words() {
        return switch (store) {
            case F32 -> BLOCK * dim;
            case BF16 -> BLOCK / 2 * dim;
            case INT8 -> BLOCK + BLOCK / 4 * dim;
            case INT4 -> BLOCK + BLOCK / 4 * ((dim + 1) / 2);
        };
    }

    /** The store's number in the directory. */
    int code() {
        return switch (store) {
            case F32 -> 0;
            case BF16 -> 1;
            case INT8 -> 2;
            case INT4 -> 3;
        };
    }

    /** Rounds the row that begins at {@code row[at]} and puts it in a page. */
    void put(int[] page, int slot, float[] row, int at) {
        switch (store) {
            case F32 -> {
                for (int c = 0; c < dim; c++) {
                    page[element(slot, c)] = Float.floatToRawIntBits(row[at + c]);
                }
            }
            case BF16 -> {
                for (int c = 0; c < dim; c++) {
                    putBits(page, element(slot, c), 16, bf16(row[at + c]) >>> 16);
                }
            }
            case INT8, INT4 -> putSteps(page, slot, row, at);
        }
    }

    private void putSteps(int[] page, int slot, float[] row, int at) {
        int most = store == Encoding.Store.INT8 ? 127 : 7;
        float largest = 0;
        for (int c = 0; c < dim; c++) {
            largest = Math.max(largest, Math.abs(row[at + c]));
        }
        float scale = largest;
        if (largest > 0 && Float.isFinite(largest)) {
            scale = Float.intBitsToFloat((Float.floatToRawIntBits(largest / most) + 0xFF) & ~0xFF);
        }
        page[slot] = Float.floatToRawIntBits(scale);
        for (int c = 0; c < dim; c++) {
            int steps = 0;
            if (scale > 0 && Float.isFinite(scale)) {
                steps = (int) Math.rint(row[at + c] / scale);
            }
            if (store == Encoding.Store.INT8) {
                putBits(page, 4 * BLOCK + element(slot, c), 8, steps);
            } else {
                putBits(page, 8 * BLOCK + nibble(slot, c), 4, steps);
            }
        }
    }

    /** A channel of a row, as it was rounded. */
    float get(int[] page, int slot, int channel) {
        return switch (store) {
            case F32 -> Float.intBitsToFloat(page[element(slot, channel)]);
            case BF16 -> Float.intBitsToFloat(bits(page, element(slot, channel), 16) << 16);
            case INT8 ->
                    Float.intBitsToFloat(page[slot])
                            * bits(page, 4 * BLOCK + element(slot, channel), 8);
            case INT4 ->
                    Float.intBitsToFloat(page[slot])
                            * bits(page, 8 * BLOCK + nibble(slot, channel), 4);
        };
    }

    private int element(int slot, int channel) {
        return keys ? channel * BLOCK + slot : slot * dim + channel;
    }

    private int nibble(int slot, int channel) {
        int pair = channel / 2;
        return 2 * (keys ? pair * BLOCK + slot : slot * ((dim + 1) / 2) + pair) + channel % 2;
    }

    /** Sets the {@code index}-th field of {@code width} bits. */
    static void putBits(int[] words, int index, int width, int value) {
        int shift = index * width % Integer.SIZE;
        int mask = ((1 << width) - 1) << shift;
        int word = index * width / Integer.SIZE;
        words[word] = (words[word] & ~mask) | ((value << shift) & mask);
    }

    /** The {@code index}-th field of {@code width} bits, with its sign. */
    static int bits(int[] words, int index, int width) {
        int left = Integer.SIZE - width - index * width % Integer.SIZE;
        return (words[index * width / Integer.SIZE] << left) >> (Integer.SIZE - width);
    }

    /** The upper half of an f32, to nearest even; NaN stays NaN. */
    static int bf16(float value) {
        if (Float.isNaN(value)) {
            return 0x7FC00000;
        }
        int bits = Float.floatToRawIntBits(value);
        return (bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000;
    }
}
