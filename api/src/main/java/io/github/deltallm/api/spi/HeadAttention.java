package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionSpec;

/**
 * For backends: what a strategy declares for one KV head of one layer. The strategy is asked once
 * for what does not depend on a request, so that all parts of a cache go by the same answer, and
 * what it says of a query is checked.
 *
 * @param sinks keys at the beginning that every query sees exactly; no more than a cache can hold
 * @param dropsMiddle whether queries don't see the middle run at all
 */
public record HeadAttention(
        AttentionStrategy strategy,
        int layer,
        int kvHead,
        Encoding keys,
        Encoding values,
        int sinks,
        boolean dropsMiddle) {
    /**
     * Asks a strategy.
     *
     * @param capacity positions that the cache can hold
     * @throws IllegalStateException if it declares what makes no sense
     * @throws io.github.deltallm.api.InvalidOptionException if an encoding does not fit the heads
     */
    static HeadAttention of(
            AttentionStrategy strategy, HeadShape shape, int layer, int kvHead, int capacity) {
        AttentionSpec spec = strategy.spec();
        int sinks = strategy.sinks(layer, kvHead);
        if (sinks < 0) {
            throw new IllegalStateException(
                    "the attention " + spec + " asks for " + sinks + " sinks");
        }
        Encoding keys = strategy.keys(layer, kvHead);
        Encoding values = strategy.values(layer, kvHead);
        keys.requireFit(shape, spec);
        values.requireFit(shape, spec);
        return new HeadAttention(
                strategy,
                layer,
                kvHead,
                keys,
                values,
                Math.min(sinks, capacity),
                strategy.dropsMiddle(layer, kvHead));
    }

    public Encoding encoding(KvStream.Kind kind) {
        return kind == KvStream.Kind.KEYS ? keys : values;
    }

    public RowsName name(KvStream.Kind kind) {
        return new RowsName(layer, kvHead, kind);
    }

    /** Whether some queries see some rows otherwise than exactly; only then a window counts. */
    public boolean seesParts() {
        return dropsMiddle
                || !(keys instanceof Encoding.Exact)
                || !(values instanceof Encoding.Exact);
    }

    /**
     * Whether exact rows that left the window are no longer needed: they are dropped, or made again
     * from their changes.
     */
    public boolean releases(KvStream.Kind kind) {
        return dropsMiddle || encoding(kind) instanceof Encoding.Delta;
    }

    /**
     * How many keys one query of the request sees exactly at most, itself included.
     *
     * @throws IllegalStateException if a window that counts does not even hold that one
     */
    public int window(AttentionStrategy.Request request) {
        int window = strategy.window(layer, kvHead, request);
        if (window < 1 && seesParts()) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " has a window of "
                            + window
                            + " keys; it must hold the query's own at least");
        }
        return window;
    }

    /**
     * The first position of the exact run that ends at {@code position}, as declared.
     *
     * @throws IllegalStateException if that is no position, or outside a window that counts
     */
    int exactFrom(int position, AttentionStrategy.Request request) {
        int from = strategy.exactFrom(layer, kvHead, position, request);
        int window = window(request);
        if (from < 0 || from > position || (position - from >= window && seesParts())) {
            throw wrong(from, position, ", in a window of " + window);
        }
        return from;
    }

    /** The error for an exact run that begins before what the cache still holds. */
    public IllegalStateException notHeld(int from, int position) {
        return wrong(from, position, ", which its window did not hold before");
    }

    private IllegalStateException wrong(int from, int position, String why) {
        return new IllegalStateException(
                "the attention "
                        + strategy.spec()
                        + " asks for exact keys from "
                        + from
                        + " for the query at position "
                        + position
                        + why);
    }
}
