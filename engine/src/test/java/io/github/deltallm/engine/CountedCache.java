package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;

import java.util.List;

/** A sequence of positions without keys: it has a length, and counts what it is asked. */
final class CountedCache implements KvCache {
    /** Positions of a page; bytes grow by whole pages. */
    static final int PAGE = 32;

    private final AttentionStrategy strategy;
    private final int bytesAToken;
    private int length;
    private int declared;
    private int measured;
    private boolean closed;

    CountedCache(AttentionStrategy strategy, int length, int bytesAToken) {
        this.strategy = strategy;
        this.length = length;
        this.bytesAToken = bytesAToken;
    }

    /** An attention of a name, which nothing is computed with. */
    static AttentionStrategy named(String name) {
        return new AttentionStrategy() {
            @Override
            public AttentionSpec spec() {
                return AttentionSpec.parse(name);
            }

            @Override
            public Encoding keys(int layer, int kvHead) {
                return new Encoding.Exact(Encoding.Store.F32);
            }

            @Override
            public Encoding values(int layer, int kvHead) {
                return new Encoding.Exact(Encoding.Store.F32);
            }
        };
    }

    void grow(int tokens) {
        length += tokens;
    }

    /** How often somebody asked for the bytes. */
    int measured() {
        return measured;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public AttentionStrategy strategy() {
        return strategy;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int capacity() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void declare(int tokens) {
        declared = Math.max(tokens, declared);
    }

    @Override
    public AttentionStrategy.Request request() {
        return new AttentionStrategy.Request(declared);
    }

    @Override
    public void truncate(int newLength) {
        length = newLength;
        declared = Math.min(newLength, declared);
    }

    @Override
    public int truncationFloor() {
        return 0;
    }

    @Override
    public KvCache fork() {
        return new CountedCache(strategy, length, bytesAToken);
    }

    @Override
    public CacheBytes bytes() {
        measured++;
        long half = (long) bytesAToken * PAGE * Math.ceilDiv(length, PAGE) / 2;
        return new CacheBytes(half, half, 0, 0);
    }

    @Override
    public AttentionCounts counts(int layer, Stage stage) {
        long rows =
                stage == Stage.PREFILL
                        ? Math.min(length, declared)
                        : Math.max(0, length - declared);
        return new AttentionCounts(0, 0, rows, 0, 0, 0, 0, 0, layer);
    }

    @Override
    public KvStream export(int layer, int kvHead, KvStream.Kind kind) {
        return new KvStream(length, List.of(), KvStream.DeltaRows.NONE);
    }

    @Override
    public void close() {
        closed = true;
    }
}
