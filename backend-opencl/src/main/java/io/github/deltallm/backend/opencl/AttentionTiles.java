package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.HeadShape;

/**
 * How attention is cut: queries into tiles, keys into ranges. Ranges depend on sizes only, and are
 * added up in their order; how many work items share a range is for the device to say.
 */
final class AttentionTiles {
    /** The most rows of a span that are attended to with a key a work item. */
    private static final int FEW = 4;

    /** Keys of a short range: from anchor to anchor. */
    private static final int SHORT = DeltaStream.ANCHORED * RowsFormat.BLOCK;

    /** Queries of a tile. */
    private static final int MOST_LANES = 64;

    /** Where what a tile shares is in memory like any other, so that it should stay in a cache. */
    private static final int UNSHARED_LANES = 16;

    /**
     * Queries of small tiles: a second size, no more, since some devices compile a kernel for each.
     */
    private static final int FEW_LANES = 16;

    private static final int MOST_QUERIES = 8;
    private static final int MERGE_LANES = 32;

    private final HeadShape shape;

    /** A processor's vector. */
    private static final int VECTOR = 16;

    private final int queries;
    private final int itemQueries;
    private final int tileLanes;
    private final int rangeLanes;
    private final int mergeLanes;

    AttentionTiles(OpenClDevice device, HeadShape shape) {
        this.shape = shape;
        long room = device.limits().localBytes() - KernelShape.RESERVED;
        int dim = shape.headDim();
        int most = Math.min(MOST_QUERIES, shape.group());
        while (most > 1 && rangeBytes(most, dim) > room) {
            most--;
        }
        queries = most;
        itemQueries = itemQueries(device);
        ClProgram program = program(device);
        try (ClKernel tile = program.kernel("attention_tile");
                ClKernel range = rangeProgram(device.programs()).kernel("attention_range");
                ClKernel merge = program.kernel("attention_merge")) {
            boolean shares = device.limits().cpu() || device.limits().ownLocal();
            int lanes = lanes(tile, (shares ? MOST_LANES : UNSHARED_LANES) / itemQueries);
            while (lanes > 1 && tileBytes(lanes * itemQueries, dim) > room) {
                lanes /= 2;
            }
            tileLanes = lanes * itemQueries;
            rangeLanes = lanes(range, Math.clamp(powerOfTwo(dim), 64, 256));
            mergeLanes = lanes(merge, MERGE_LANES);
        }
    }

    /** Queries, sums and a block's weights of each query, and a reference. */
    private static long tileBytes(int lanes, int dim) {
        return 4L * (2L * lanes * (dim + RowsFormat.BLOCK) + dim);
    }

    /** Queries, weights, their suffix sums and two numbers for each block. */
    private static long rangeBytes(int queries, int dim) {
        return 4L * queries * (dim + 2 * SHORT + 2 * DeltaStream.ANCHORED);
    }

    /** Queries that a work item of a tile has. */
    private static int itemQueries(OpenClDevice device) {
        return device.limits().cpu() ? VECTOR : 1;
    }

    /** The kernels but for those of short ranges. */
    static ClProgram program(OpenClDevice device) {
        return device.programs()
                .program(
                        "-D ITEM_QUERIES=" + itemQueries(device),
                        "cache.cl",
                        "delta.cl",
                        "attention.cl",
                        "attention_prefill.cl");
    }

    /** The kernel of short ranges, which is made for a number of queries. */
    ClProgram rangeProgram(Programs programs) {
        return programs.program(
                "-D QUERIES=" + queries, "cache.cl", "attention.cl", "attention_decode.cl");
    }

    /** Whether a span's rows are attended to with a key a work item, not a query. */
    boolean isShort(AttentionSpan span) {
        return span.rows <= FEW;
    }

    /** Keys of a range. */
    int rangeKeys(AttentionSpan span) {
        return isShort(span)
                ? SHORT
                : Math.max(4 * SHORT, Math.ceilDiv(Math.ceilDiv(span.length(), 4), SHORT) * SHORT);
    }

    int ranges(AttentionSpan span) {
        return Math.ceilDiv(span.length(), rangeKeys(span));
    }

    /** Query heads of a group that a short range serves at once. */
    int queries() {
        return queries;
    }

    /** Work items of a tile. */
    int items(AttentionSpan span) {
        return lanes(span) / itemQueries;
    }

    /** Queries of a tile. */
    int lanes(AttentionSpan span) {
        int count = span.rows * shape.group();
        return count <= FEW_LANES ? Math.min(tileLanes, FEW_LANES) : tileLanes;
    }

    /** Work items of a short range. */
    int rangeLanes() {
        return rangeLanes;
    }

    int mergeLanes() {
        return mergeLanes;
    }

    /** The largest power of two that is at most {@code number}, or a group of the kernel. */
    static int lanes(ClKernel kernel, int number) {
        return Integer.highestOneBit(Math.clamp(number, 1, Math.max(1, kernel.maxGroup())));
    }

    /** The least power of two that is at least {@code number}. */
    private static int powerOfTwo(int number) {
        return number <= 1 ? 1 : 2 * Integer.highestOneBit(number - 1);
    }
}
