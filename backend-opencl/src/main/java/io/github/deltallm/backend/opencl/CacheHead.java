package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;

/** Keys and values of one head of one sequence. */
final class CacheHead {
    final int layer;
    final int kvHead;
    final CachePart keys;
    final CachePart values;

    private final HeadAttention attention;

    CacheHead(HeadAttention attention, CachePart keys, CachePart values) {
        this.attention = attention;
        layer = attention.layer();
        kvHead = attention.kvHead();
        this.keys = keys;
        this.values = values;
    }

    CacheHead fork() {
        return new CacheHead(attention, keys.fork(), values.fork());
    }

    /** What the strategy declares. */
    HeadAttention attention() {
        return attention;
    }

    CachePart part(KvStream.Kind kind) {
        return kind == KvStream.Kind.KEYS ? keys : values;
    }

    /** Number of keys at the beginning that every query sees exactly. */
    int sinks() {
        return attention.sinks();
    }

    /** Whether queries do not see the middle run at all. */
    boolean drops() {
        return attention.dropsMiddle();
    }

    /** The first position of the exact run that a query sees. */
    int exactFrom(KvSequence sequence, int position) {
        int from = sequence.exactFrom(layer, kvHead, position);
        if (!keys.holdsExact(position, from) || !values.holdsExact(position, from)) {
            throw attention.notHeld(from, position);
        }
        return from;
    }

    /** Whether everything is kept that the query at a position may see, whatever is declared. */
    boolean holdsAllFor(KvSequence sequence, int position) {
        int from = sequence.widestFrom(layer, kvHead, position);
        return keys.holdsAllFor(position, from) && values.holdsAllFor(position, from);
    }

    /** Plans a step after which the sequence has {@code length} rows. */
    void plan(KvSequence sequence, int length) {
        int window = attention.window(sequence.widestRequest());
        keys.plan(length, window);
        values.plan(length, window);
    }

    /** Whether anything has another place now. */
    boolean commit(int length) {
        boolean moved = keys.commit(length);
        return values.commit(length) || moved;
    }

    void rollback(int length) {
        keys.rollback(length);
        values.rollback(length);
    }

    void truncate(int length) {
        keys.truncate(length);
        values.truncate(length);
    }
}
