package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.spi.HeadShape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one thread needs to attend, for either kernel. */
final class AttentionScratch {
    /** Keys that the prefill kernel takes at a time: three blocks, and a multiple of its rows. */
    static final int TILE_KEYS = 96;

    /** Keys that the decode kernel takes at a time; its ranges begin at multiples of it. */
    static final int RANGE_KEYS = 256;

    /** Registers of queries in a tile of the prefill kernel. */
    final int width;

    /** Channels of a value row, padded. */
    final int channels;

    /** Query heads of a group, rounded up to fours. */
    final int quads;

    /** One block of keys or values as fp32. */
    final MemorySegment block;

    // Prefill: lanes are (query head, row) pairs.
    final MemorySegment queries;
    final float[] scores;
    final MemorySegment weights;
    final float[] mixed;
    final MemorySegment lanes;
    final float[] keyPanel;
    final float[] valuePanel;
    final int keyStride;
    final int valueStride = TILE_KEYS + 16;
    final long[] laneRows;

    /** A transposed square on its way out. */
    final MemorySegment square;

    // Decode: lanes are keys, then channels.
    final float[] query;
    final float[] keyWeights;
    final float[] sums;
    final float[] maxima;
    final float[] totals;
    final float[] register = new float[2 * N];
    float[] rangeWeights = new float[16];

    AttentionScratch(HeadShape shape, Arena arena) {
        int dim = shape.headDim();
        width = width(dim);
        channels = Lanes.padded(dim);
        quads = Lanes.ceilDiv(shape.group(), 4);
        int lanesWide = width * N;
        String what = "attention scratch of a thread";
        block = Native.floats(arena, (long) RowFormat.BLOCK * channels, what);
        queries = Native.floats(arena, (long) channels * lanesWide, what);
        scores = new float[TILE_KEYS * lanesWide + zeros()];
        weights = Native.floats(arena, (long) TILE_KEYS * lanesWide, what);
        mixed = new float[valueRows() * lanesWide];
        lanes = Native.floats(arena, 5L * lanesWide, what);
        keyStride = channels + 16;
        keyPanel = new float[TILE_KEYS * keyStride];
        valuePanel = new float[valueRows() * valueStride];
        square = Native.allocate(arena, Transpose.SCRATCH, what);
        laneRows = new long[lanesWide];
        query = new float[quads * 4 * dim];
        keyWeights = new float[quads * 4 * RANGE_KEYS];
        maxima = new float[quads * 4];
        totals = new float[quads * 4];
        sums = new float[quads * 4 * channels];
    }

    /**
     * The widest tile whose queries take at most 40 KB, so that they stay in the first-level cache.
     */
    private static int width(int dim) {
        int width = Tiles.WIDEST;
        while (width > 1 && (long) width * BYTES * dim > 40 * 1024) {
            width /= 2;
        }
        return width;
    }

    /** Makes room for the weights of so many key ranges. */
    void requireRanges(int ranges) {
        if (rangeWeights.length < ranges) {
            rangeWeights = new float[2 * ranges];
        }
    }

    private static int zeros() {
        return 24 * N;
    }

    /** Index of as many zeros behind the scores as a kernel has accumulators. */
    int zerosAt() {
        return TILE_KEYS * width * N;
    }

    /** Rows of transposed values: channels, as many as kernels take. */
    int valueRows() {
        return Lanes.ceilDiv(channels, Tiles.ROWS) * Tiles.ROWS;
    }
}
