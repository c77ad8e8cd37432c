package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionSpec;

import java.util.Arrays;

/**
 * A window of half of what was declared, at least {@code least}: it grows as more is declared. The
 * second head has all of it twice.
 */
record HalfStrategy(Encoding encoding, int sinks, int least, boolean drops)
        implements AttentionStrategy {
    static final HeadShape HEADS = new HeadShape(2, 4, 2, 3);
    static final Encoding EXACT = new Encoding.Exact(Encoding.Store.F32);
    static final Encoding DELTA = Encoding.Delta.of(1, Encoding.Events.F32, Encoding.Store.F32);

    @Override
    public AttentionSpec spec() {
        return AttentionSpec.parse("half:least=" + least);
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return encoding;
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return encoding;
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return sinks;
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return drops;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return Math.max(least, request.tokens() / 2) * (kvHead + 1);
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return Math.max(0, position - window(layer, kvHead, request) + 1);
    }

    /** A stream with exact rows at these positions, and encoded rows for all if so wanted. */
    static KvStream stream(int length, boolean encoded, int... positions) {
        int dim = HEADS.headDim();
        long[] changed = new long[(length * dim + 63) / 64];
        Arrays.fill(changed, 0, Math.min(1, changed.length), 7); // row 0 transmits itself
        KvStream.DeltaRows rows =
                new KvStream.DeltaRows(length, changed, new float[dim], new float[0], 1);
        return new KvStream(
                length,
                Arrays.stream(positions)
                        .mapToObj(at -> new KvStream.Rows(at, new float[dim]))
                        .toList(),
                encoded ? rows : KvStream.DeltaRows.NONE);
    }
}
