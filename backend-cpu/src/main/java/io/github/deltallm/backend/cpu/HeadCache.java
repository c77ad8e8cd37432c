package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;

/** Keys and values of one head of one sequence. */
final class HeadCache {
    final int layer;
    final int kvHead;
    final HeadRows keys;
    final HeadRows values;

    private final HeadAttention attention;

    HeadCache(HeadAttention attention, HeadRows keys, HeadRows values) {
        this.attention = attention;
        layer = attention.layer();
        kvHead = attention.kvHead();
        this.keys = keys;
        this.values = values;
    }

    /** What the strategy declares. */
    HeadAttention attention() {
        return attention;
    }

    HeadRows rows(KvStream.Kind kind) {
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

    /** Whether queries see a middle run. */
    boolean encodes() {
        return !drops() && attention.seesParts();
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

    void commit() {
        keys.commit();
        values.commit();
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
