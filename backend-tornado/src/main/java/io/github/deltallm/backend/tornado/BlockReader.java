package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.Encoding;

import java.util.Arrays;

/** Reads the rows of blocks, as {@link Stores} and {@link PackKernels} keep them, on the host. */
final class BlockReader {
    /** What a block has on the device. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Block(float[] floats, int[] words) {}

    /** The steps of int8 events. */
    @FunctionalInterface
    interface Steps {
        float of(int channel);
    }

    private final StreamFormat format;
    private final Steps steps;
    private final int dim;

    BlockReader(StreamFormat format, Steps steps) {
        this.format = format;
        this.steps = steps;
        dim = format.dim();
    }

    /** A field of some bits, unsigned. */
    private static int field(int[] words, int from, int index, int bits) {
        int per = Integer.SIZE / bits;
        return words[from + index / per] >>> bits * (index % per) & (1 << bits) - 1;
    }

    private static float half(int[] words, int from, int index) {
        return Float.intBitsToFloat(field(words, from, index, 16) << 16);
    }

    /** All exact rows, {@code [32, dim]}. */
    float[] exact(Block block) {
        float[] rows = new float[Places.BLOCK * dim];
        Encoding.Store store = format.encoding().store();
        for (int i = 0; i < rows.length; i++) {
            int row = i / dim;
            int at = row * format.rowWords();
            rows[i] =
                    switch (store) {
                        case F32 -> block.floats()[i];
                        case BF16 -> half(block.words(), at, i % dim);
                        case INT8 ->
                                block.floats()[row] * (field(block.words(), at, i % dim, 8) - 127);
                        case INT4 ->
                                block.floats()[row] * (field(block.words(), at, i % dim, 4) - 7);
                    };
        }
        return rows;
    }

    /** The events of an open block, {@code [32, dim]}. */
    float[] open(Block block) {
        return Arrays.copyOfRange(block.floats(), dim, Places.SLOTS * dim);
    }

    /** The events of a packed block, {@code [32, dim]}, NaN where there are none. */
    float[] packed(Block block, int number) {
        float[] rows = new float[Places.BLOCK * dim];
        Arrays.fill(rows, Float.NaN);
        int values = format.keys() ? 0 : 1;
        int perRow = Math.ceilDiv(dim, Integer.SIZE);
        int lists = format.keys() ? Places.BLOCK * perRow : dim;
        int masks = PackKernels.eventsAt(values, dim) - lists;
        int found = 0;
        for (int list = 0; list < lists; list++) {
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                if ((block.words()[masks + list] >>> bit & 1) != 0) {
                    int row = format.keys() ? list / perRow : bit;
                    int channel = format.keys() ? list % perRow * Integer.SIZE + bit : list;
                    rows[row * dim + channel] = event(block, number, masks + lists, found, channel);
                    found++;
                }
            }
        }
        if (number == 0) {
            System.arraycopy(block.floats(), 0, rows, 0, dim);
        }
        return rows;
    }

    private float event(Block block, int number, int events, int index, int channel) {
        return switch (format.bits()) {
            case 16 -> half(block.words(), events, index);
            case 8 -> steps.of(channel) * (field(block.words(), events, index, 8) - 127);
            default -> block.floats()[PackKernels.floatsAt(number, dim) + index];
        };
    }
}
