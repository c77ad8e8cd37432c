package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.AttentionStrategy;

/** Keys and values of one head of one sequence, and which of them queries see how. */
final class CacheHead {
    final int layer;
    final int kvHead;
    final CachePart keys;
    final CachePart values;

    private final AttentionStrategy strategy;
    private final int sinks;
    private final boolean drops;

    /** Exact runs begin no earlier: the window was smaller when it passed. */
    private int outside;

    private int outsideBefore;

    /**
     * @param sinks number of keys at the beginning that every query sees exactly
     * @param drops whether queries do not see the middle run at all
     */
    CacheHead(
            AttentionStrategy strategy,
            int layer,
            int kvHead,
            int sinks,
            boolean drops,
            CachePart keys,
            CachePart values) {
        this.strategy = strategy;
        this.layer = layer;
        this.kvHead = kvHead;
        this.sinks = sinks;
        this.drops = drops;
        this.keys = keys;
        this.values = values;
    }

    CacheHead fork() {
        CacheHead fork =
                new CacheHead(strategy, layer, kvHead, sinks, drops, keys.fork(), values.fork());
        fork.outside = outside;
        return fork;
    }

    /** How many keys the strategy sees exactly; 1 or more where it counts. */
    int window(AttentionStrategy.Request request) {
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

    /** Number of keys at the beginning that every query sees exactly. */
    int sinks() {
        return sinks;
    }

    /** Whether queries do not see the middle run at all. */
    boolean drops() {
        return drops;
    }

    /** Whether queries see a middle run, or would if it were not dropped. */
    boolean seesParts() {
        return drops || keys.encodes() || values.encodes();
    }

    int outside() {
        return outside;
    }

    /** How many keys stay outside when the window grows; 0 if it does not, or none do. */
    int outside(int length, AttentionStrategy.Request before, AttentionStrategy.Request now) {
        int window = window(before);
        return window >= window(now) ? 0 : Math.max(0, length - window);
    }

    /** Keeps keys outside. */
    void leaveOutside(int rows) {
        outside = Math.max(outside, rows);
    }

    /**
     * Notes that restored rows do not fill the window.
     *
     * @return whether that is so
     */
    boolean startOutside(int length, AttentionStrategy.Request request) {
        int gone = Math.max(keys.gone(), values.gone());
        if (gone <= Math.max(0, length - window(request))) {
            return false;
        }
        outside = Math.max(outside, gone);
        return true;
    }

    /** The first position of the exact run, but none that was outside when the window grew. */
    int exactFrom(int position, AttentionStrategy.Request request) {
        int from = strategy.exactFrom(layer, kvHead, position, request);
        int window = window(request);
        if (from < 0 || from > position || position - from >= window) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " asks for exact keys from "
                            + from
                            + " for the query at position "
                            + position
                            + ", in a window of "
                            + window);
        }
        int bounded = Math.max(from, Math.min(outside, position));
        if (!keys.holdsExact(position, bounded) || !values.holdsExact(position, bounded)) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " asks for exact keys from "
                            + from
                            + " for the query at position "
                            + position
                            + ", which its window did not hold before");
        }
        return bounded;
    }

    /** Whether everything is kept that the query at a position may see, whatever is declared. */
    boolean holdsAllFor(int position, AttentionStrategy.Request widest) {
        int first = Math.max(0, position - window(widest) + 1);
        int from = Math.max(first, Math.min(outside, position));
        return keys.holdsAllFor(position, from) && values.holdsAllFor(position, from);
    }

    /**
     * Plans a step.
     *
     * @param widest the most that was ever declared: rows in its window are kept
     */
    void plan(int length, AttentionStrategy.Request widest) {
        int window = window(widest);
        keys.plan(length, window);
        values.plan(length, window);
    }

    /** Whether anything has another place now. */
    boolean commit(int length) {
        boolean moved = keys.commit(length);
        return values.commit(length) || moved;
    }

    /** Notes what a failed run goes back to. */
    void note() {
        outsideBefore = outside;
    }

    void rollback(int length) {
        outside = outsideBefore;
        keys.rollback(length);
        values.rollback(length);
    }

    void truncate(int length) {
        keys.truncate(length);
        values.truncate(length);
        if (length == 0) {
            outside = 0;
        }
    }
}
