package io.github.deltallm.backend.opencl;

/**
 * How a span's attention is cut: queries into tiles, keys into ranges. Ranges depend on sizes only,
 * and are added up in their order.
 *
 * @param rangeKeys keys of a range, a multiple of those from anchor to anchor
 * @param ranges number of them
 */
record AttentionTiles(int rangeKeys, int ranges) {
    /** The most rows of a span that are attended by short ranges of keys. */
    private static final int FEW = 4;

    private static final int SHORT = DeltaStream.ANCHORED * RowsFormat.BLOCK;
    private static final int MOST_LANES = 64;

    static AttentionTiles of(AttentionSpan span) {
        int length = span.length();
        int keys = SHORT;
        if (span.rows > FEW) {
            keys = Math.max(4 * SHORT, Math.ceilDiv(Math.ceilDiv(length, 4), SHORT) * SHORT);
        }
        return new AttentionTiles(keys, Math.ceilDiv(length, keys));
    }

    /** The largest power of two that is at most {@code number}, or a group of the kernel. */
    static int lanes(ClKernel kernel, int number) {
        return Integer.highestOneBit(Math.clamp(number, 1, Math.max(1, kernel.maxGroup())));
    }

    /** The least power of two that is at least {@code number}. */
    static int powerOfTwo(int number) {
        return number <= 1 ? 1 : 2 * Integer.highestOneBit(number - 1);
    }

    /** Queries of a tile: as many as have room for queries, sums and a block's weights. */
    static int tileLanes(ClDeviceLimits limits, ClKernel kernel, int dim) {
        int lanes = lanes(kernel, MOST_LANES);
        while (lanes > 1 && bytes(lanes, dim) > limits.localBytes()) {
            lanes /= 2;
        }
        return lanes;
    }

    private static long bytes(int lanes, int dim) {
        return 4L * (2L * lanes * (dim + RowsFormat.BLOCK) + dim);
    }
}
