package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;

/** Checks a saved state before a cache is filled with it. */
final class CacheRestore {
    private final HeadShape shape;
    private final KvStream.Source source;

    CacheRestore(HeadShape shape, KvStream.Source source) {
        this.shape = shape;
        this.source = source;
    }

    void into(CpuKvCache cache) {
        int length = source.stream(0, 0, KvStream.Kind.KEYS).length();
        if (length > cache.capacity()) {
            throw new ContextOverflowException(
                    "the restored sequence has "
                            + length
                            + " positions, more than the capacity of "
                            + cache.capacity());
        }
        int heads = shape.layers() * shape.kvHeads();
        int[] gapFrom = new int[heads];
        int[] gapTo = new int[heads];
        for (int i = 0; i < heads; i++) {
            gapFrom[i] = length;
            for (KvStream.Kind kind : KvStream.Kind.values()) {
                int layer = i / shape.kvHeads();
                int head = i % shape.kvHeads();
                findGap(layer, head, kind, length, gapFrom, gapTo, i);
            }
        }
        cache.restore(length, gapFrom, gapTo, source);
    }

    /** Widens the range of missing rows by what a stream lacks. */
    private void findGap(
            int layer, int head, KvStream.Kind kind, int length, int[] from, int[] to, int i) {
        KvStream stream = source.stream(layer, head, kind);
        boolean fits = stream.length() == length;
        int end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            fits &= rows.from() >= end && rows.values().length % shape.headDim() == 0;
            if (rows.from() > end) {
                from[i] = Math.min(from[i], end);
                to[i] = Math.max(to[i], rows.from());
            }
            end = rows.from() + rows.values().length / shape.headDim();
        }
        if (end < length) {
            from[i] = Math.min(from[i], end);
            to[i] = length;
        }
        if (!fits || end > length) {
            throw new InvalidOptionException(
                    "the restored "
                            + (kind == KvStream.Kind.KEYS ? "keys" : "values")
                            + " of layer "
                            + layer
                            + ", head "
                            + head
                            + " contradict a sequence of "
                            + length
                            + " positions of "
                            + shape.headDim()
                            + " channels; the saved state is damaged or of another model");
        }
    }
}
