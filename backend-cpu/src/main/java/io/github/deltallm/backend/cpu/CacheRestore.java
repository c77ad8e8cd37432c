package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.KvStreamCheck;

/** Checks a saved state before a cache is filled with it. */
final class CacheRestore {
    private final HeadShape shape;
    private final AttentionStrategy strategy;
    private final KvStream.Source source;

    CacheRestore(HeadShape shape, AttentionStrategy strategy, KvStream.Source source) {
        this.strategy = strategy;
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
        Gap[] gaps = new Gap[2 * heads];
        for (int i = 0; i < gaps.length; i++) {
            int layer = i / 2 / shape.kvHeads();
            int head = i / 2 % shape.kvHeads();
            gaps[i] =
                    gap(
                            layer,
                            head,
                            i % 2 == 0 ? KvStream.Kind.KEYS : KvStream.Kind.VALUES,
                            length);
        }
        cache.restore(length, gaps, source);
    }

    /** The exact rows {@code [from, to)} that a stream lacks, all in one. */
    record Gap(int from, int to) {
        boolean isEmpty() {
            return to <= from;
        }
    }

    private Gap gap(int layer, int head, KvStream.Kind kind, int length) {
        boolean keys = kind == KvStream.Kind.KEYS;
        KvStream stream = source.stream(layer, head, kind);
        Encoding encoding = keys ? strategy.keys(layer, head) : strategy.values(layer, head);
        String name = (keys ? "keys" : "values") + " of layer " + layer + ", head " + head;
        new KvStreamCheck(name, shape.headDim(), encoding, stream).check(length);
        int from = length;
        int to = 0;
        int end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            if (rows.from() > end) {
                from = Math.min(from, end);
                to = rows.from();
            }
            end = rows.from() + rows.values().length / shape.headDim();
        }
        if (end < length) {
            from = Math.min(from, end);
            to = length;
        }
        return new Gap(from, to);
    }
}
