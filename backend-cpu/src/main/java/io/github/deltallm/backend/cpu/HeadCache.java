package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.AttentionStrategy;

/**
 * Keys and values of one head of one sequence, and which of them queries see.
 *
 * <p>Positions {@code [gapFrom, gapTo)} are no longer kept; the range is empty unless the strategy
 * drops its middle run.
 */
final class HeadCache {
    /**
     * Positions before the window that are kept all the same, so that a truncation by so many is
     * exact.
     */
    static final int SLACK = 64;

    final int layer;
    final int kvHead;
    final PagedRows keys;
    final PagedRows values;

    private final AttentionStrategy strategy;
    private final int sinks;
    private final boolean drops;
    private int gapFrom;
    private int gapTo;

    /** Exact runs begin no earlier: the window was smaller when it passed. */
    private int outside;

    HeadCache(AttentionStrategy strategy, int layer, int kvHead, PagedRows keys, PagedRows values) {
        this.strategy = strategy;
        this.layer = layer;
        this.kvHead = kvHead;
        this.keys = keys;
        this.values = values;
        sinks = strategy.sinks(layer, kvHead);
        drops = strategy.dropsMiddle(layer, kvHead);
        if (sinks < 0) {
            throw new IllegalStateException(
                    "the attention " + strategy.spec() + " asks for " + sinks + " sinks");
        }
    }

    HeadCache fork() {
        HeadCache fork = new HeadCache(strategy, layer, kvHead, keys.fork(), values.fork());
        fork.gapFrom = gapFrom;
        fork.gapTo = gapTo;
        fork.outside = outside;
        return fork;
    }

    int gapFrom() {
        return gapFrom;
    }

    int gapTo() {
        return gapTo;
    }

    /** Number of keys at the beginning that every query sees. */
    int sinks() {
        return sinks;
    }

    /** The first key behind the sinks that the query at a position sees; 0 if it sees all. */
    int recent(int position, AttentionStrategy.Request request) {
        if (!drops) {
            return 0;
        }
        int from = exactFrom(position, request);
        return from <= sinks ? 0 : from;
    }

    /**
     * Notes what stays outside when the window grows.
     *
     * @return whether it does
     */
    boolean widen(int length, AttentionStrategy.Request before, AttentionStrategy.Request now) {
        int window = strategy.window(layer, kvHead, before);
        if (window >= strategy.window(layer, kvHead, now) || length <= window) {
            return false;
        }
        outside = Math.max(outside, length - window);
        return true;
    }

    /**
     * Notes that restored rows do not fill the window.
     *
     * @return whether that is so
     */
    boolean startOutside(int length, AttentionStrategy.Request request) {
        if (gapTo <= Math.max(0, length - strategy.window(layer, kvHead, request))) {
            return false;
        }
        outside = Math.max(outside, gapTo);
        return true;
    }

    /** The first position of the exact run, but none that was outside when the window grew. */
    private int exactFrom(int position, AttentionStrategy.Request request) {
        return Math.max(declared(position, request), Math.min(outside, position));
    }

    private int declared(int position, AttentionStrategy.Request request) {
        int from = strategy.exactFrom(layer, kvHead, position, request);
        if (from < 0 || from > position) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " asks for exact keys from "
                            + from
                            + " for the query at position "
                            + position);
        }
        return from;
    }

    /** Number of keys that the query at a position sees, {@code recent} as above. */
    long visible(int position, int recent) {
        return position + 1L - Math.max(0, recent - sinks);
    }

    /** Whether everything is kept that the strategy declares for the query at a position. */
    boolean holdsAllFor(int position, AttentionStrategy.Request request) {
        if (gapTo <= gapFrom || position <= gapFrom) {
            return true;
        }
        int middleEnd = drops ? exactFrom(position, request) : 0;
        boolean sinksHeld = Math.min(sinks, position) <= gapFrom;
        return sinksHeld && Math.max(middleEnd, gapFrom) >= Math.min(position, gapTo);
    }

    /** Releases what queries from {@code length} on do not see. */
    void drop(int length, AttentionStrategy.Request request) {
        int kept = Math.max(0, length - SLACK);
        if (!drops || kept == 0) {
            return;
        }
        int to = exactFrom(kept, request) / Page.POSITIONS * Page.POSITIONS;
        int from = Lanes.ceilDiv(sinks, Page.POSITIONS) * Page.POSITIONS;
        if (gapTo > gapFrom) {
            from = Math.min(from, gapFrom);
        }
        if (to > Math.max(from, gapTo)) {
            setGap(from, to);
        }
    }

    /** Declares rows as gone and releases their pages. */
    void setGap(int from, int to) {
        gapFrom = from;
        gapTo = to;
        keys.release(from, to);
        values.release(from, to);
    }

    void truncate(int length) {
        keys.truncate(length);
        values.truncate(length);
        if (length == 0) {
            outside = 0;
        }
        if (length <= gapFrom) {
            gapFrom = 0;
            gapTo = 0;
        } else {
            gapTo = Math.min(gapTo, length);
        }
    }
}
