package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.SparseBlocks.LIST;

import io.github.deltallm.api.spi.HeadShape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one thread needs to attend, for either kernel. */
final class AttentionScratch {
    /** Keys that the prefill kernel takes at a time: three blocks, and a multiple of its rows. */
    static final int TILE_KEYS = 96;

    /** Keys that the decode kernel takes at a time; its ranges begin at multiples of it. */
    static final int RANGE_KEYS = 4 * TILE_KEYS;

    /** Ranges of four query heads whose weights stay in a second-level cache, 100 KB. */
    private static final int QUAD_RANGES = 16;

    /** Channels of a row. */
    final int dim;

    /** Registers of queries in half a tile of the prefill kernel. */
    final int width;

    private final int halfLanes;

    /** Channels of a value row, padded. */
    final int channels;

    /** Query heads of a group, rounded up to fours. */
    final int quads;

    /**
     * The most ranges that decoding takes at a time, first all their keys, then all their values:
     * so memory is read in long runs, since the processor is slow where one begins.
     */
    final int ranges;

    /** One block of keys or values as fp32. */
    final MemorySegment block;

    // Prefill: lanes are (query head, row) pairs.
    final MemorySegment queries;
    final float[] scores;
    final float[] exactScores;
    final MemorySegment weights;

    /** What encoded values are multiplied with. */
    final MemorySegment lasting;

    final PrefillTile tile = new PrefillTile();

    final float[] mixed;
    final MemorySegment lanes;

    /** Exact keys of a tile, {@code [channel][TILE_KEYS]}. */
    final float[] keyPanel;

    /** Exact values of a tile, {@code [TILE_KEYS][channels]}, and room for reading beyond. */
    final float[] valuePanel;

    final long[] laneRows;

    /** Decoded events of a tile of rows. */
    final float[] eventPanel;

    /** A transposed square on its way out. */
    final MemorySegment square;

    final DecodeRange range;

    // Decode: lanes are keys, then channels.
    final float[] query;

    /** The query times the steps of INT8 events. */
    final float[] stepQuery;

    /** Scores, then weights: {@code [range][quad][4][RANGE_KEYS]}. */
    final float[] keyWeights;

    /** Of one range. */
    final float[] exactWeights;

    /** Four heads' weights of a block, times steps: {@code [4][BLOCK]}. */
    final float[] stepWeights = new float[4 * RowFormat.BLOCK];

    /** What lists of value events are multiplied by: {@code [quad][RANGE_KEYS][4]}. */
    final float[] factors;

    /** Sums of lists of events: {@code [quad][group of lists][4][LIST]}. */
    final float[] listSums;

    /** Zeros: of four heads' lists. */
    final float[] noSums = new float[4 * LIST];

    final float[] sums;
    final float[] maxima;
    final float[] totals;
    final float[] register = new float[2 * N];
    float[] rangeWeights = new float[16];

    AttentionScratch(HeadShape shape, Arena arena) {
        dim = shape.headDim();
        width = width(dim);
        channels = Lanes.padded(dim);
        quads = Lanes.ceilDiv(shape.group(), 4);
        ranges = Math.max(1, QUAD_RANGES / quads);
        range = new DecodeRange(shape);
        halfLanes = width * N;
        String what = "attention scratch of a thread";
        block = Native.floats(arena, (long) RowFormat.BLOCK * channels, what);
        queries = Native.floats(arena, 2L * channels * halfLanes, what);
        scores = new float[2 * TILE_KEYS * halfLanes + zeros()];
        exactScores = new float[scores.length];
        weights = Native.floats(arena, 2L * TILE_KEYS * halfLanes, what);
        lasting = Native.floats(arena, 2L * TILE_KEYS * halfLanes, what);
        mixed = new float[2 * valueRows() * halfLanes];
        lanes = Native.floats(arena, 7L * 2 * halfLanes, what);
        keyPanel = new float[dim * TILE_KEYS];
        valuePanel = new float[TILE_KEYS * channels + Tiles.ROWS];
        eventPanel = new float[TILE_KEYS * channels];
        square = Native.allocate(arena, Transpose.SCRATCH, what);
        laneRows = new long[2 * halfLanes];
        query = new float[quads * 4 * dim];
        stepQuery = new float[quads * 4 * dim];
        keyWeights = new float[ranges * quads * 4 * RANGE_KEYS];
        exactWeights = new float[quads * 4 * RANGE_KEYS];
        factors = new float[quads * 4 * RANGE_KEYS];
        listSums = new float[quads * 4 * Lanes.ceilDiv(channels, LIST) * LIST];
        maxima = new float[quads * 4];
        totals = new float[quads * 4];
        sums = new float[quads * 4 * channels];
    }

    /** Offset of a half's queries. */
    long queries(int half) {
        return 4L * half * channels * halfLanes;
    }

    /** Index of a half's scores. */
    int scores(int half) {
        return half * TILE_KEYS * halfLanes;
    }

    /** Offset of a half's weights. */
    long weights(int half) {
        return 4L * half * TILE_KEYS * halfLanes;
    }

    /** Index of a half's mixed values. */
    int mixed(int half) {
        return half * valueRows() * halfLanes;
    }

    /** Bytes of a plane of the lanes' state. */
    long plane() {
        return 8L * halfLanes;
    }

    /**
     * The widest tile whose queries stay in a first-level cache: 16 KB a half, or a little more.
     */
    private static int width(int dim) {
        int width = Tiles.WIDEST;
        while (width > 1 && (long) width * BYTES * dim > 20 * 1024) {
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
        return 2 * TILE_KEYS * halfLanes;
    }

    /** Rows of transposed values: channels, as many as kernels take. */
    int valueRows() {
        return Lanes.ceilDiv(channels, Tiles.ROWS) * Tiles.ROWS;
    }
}
