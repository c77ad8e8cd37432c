package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Encoding;

import java.lang.foreign.MemorySegment;

/**
 * How exact rows lie in a {@link Page}, a block of {@link #BLOCK} positions.
 *
 * <p>Keys are channel-major, {@code [channel][position]}, so that decoding has one key a lane;
 * values are position-major, {@code [position][channel]}, with the channels padded to 16.
 */
abstract sealed class RowFormat permits FloatRows, Bf16Rows, StepRows {
    /** Positions of a block. */
    static final int BLOCK = 32;

    /** Whether the rows are keys. */
    final boolean keys;

    /** Channels of a row. */
    final int dim;

    /** Channels as they lie in memory. */
    final int width;

    RowFormat(boolean keys, int dim) {
        this.keys = keys;
        this.dim = dim;
        width = keys ? dim : Lanes.padded(dim);
    }

    static RowFormat of(Encoding.Store store, boolean keys, int dim) {
        return switch (store) {
            case F32 -> new FloatRows(keys, dim);
            case BF16 -> new Bf16Rows(keys, dim);
            case INT8 -> new StepRows(keys, dim, false);
            case INT4 -> new StepRows(keys, dim, true);
        };
    }

    /** Bytes of a page. */
    abstract long pageBytes();

    /** Rounds a row to the format and puts it at a position of the page. */
    abstract void put(MemorySegment page, int slot, MemorySegment row, long at);

    /** A channel of a row, as it was rounded. */
    abstract float get(MemorySegment page, int slot, int channel);

    /** Decodes a block to fp32 in its own order: {@code 32 * width} floats. */
    abstract void expand(MemorySegment page, MemorySegment out, long at);

    /**
     * Scores of a block of keys for all query heads of a group.
     *
     * @param out scores of ranges, each a row of {@link AttentionScratch#RANGE_KEYS} for each head
     * @param to index of the first head's score of the block's first key
     */
    void scores(MemorySegment page, AttentionScratch scratch, float[] out, int to) {
        expand(page, scratch.block, 0);
        for (int quad = 0; quad < scratch.quads; quad++) {
            DecodeKernels.scores(
                    scratch.block,
                    0,
                    dim,
                    scratch.query,
                    quad * 4 * dim,
                    out,
                    quad * 4 * AttentionScratch.RANGE_KEYS + to,
                    AttentionScratch.RANGE_KEYS);
        }
    }

    /**
     * Adds the weighted values of the first {@code count} positions of a block to the sums of all
     * query heads of a group.
     *
     * @param at index of the first head's weight of the block's first key
     */
    void mix(MemorySegment page, int count, AttentionScratch scratch, int at) {
        expand(page, scratch.block, 0);
        mixFloats(scratch.block, width, count, scratch, scratch.keyWeights, at);
    }

    /**
     * As {@link #mix}, of a block as fp32.
     *
     * @param weightRows of a range, a row of {@link AttentionScratch#RANGE_KEYS} for each head
     */
    static void mixFloats(
            MemorySegment block,
            int width,
            int count,
            AttentionScratch scratch,
            float[] weightRows,
            int at) {
        for (int quad = 0; quad < scratch.quads; quad++) {
            int weights = quad * 4 * AttentionScratch.RANGE_KEYS + at;
            int sums = quad * 4 * width;
            int c = 0;
            for (; c + 4 * Lanes.N <= width; c += 4 * Lanes.N) {
                DecodeKernels.mix4(
                        block,
                        4L * c,
                        4L * width,
                        count,
                        weightRows,
                        weights,
                        AttentionScratch.RANGE_KEYS,
                        scratch.sums,
                        sums + c,
                        width);
            }
            for (; c < width; c += Lanes.N) {
                DecodeKernels.mix1(
                        block,
                        4L * c,
                        4L * width,
                        count,
                        weightRows,
                        weights,
                        AttentionScratch.RANGE_KEYS,
                        scratch.sums,
                        sums + c,
                        width);
            }
        }
    }

    /** Index of an element in its page. */
    final int element(int slot, int channel) {
        return keys ? channel * BLOCK + slot : slot * width + channel;
    }
}
