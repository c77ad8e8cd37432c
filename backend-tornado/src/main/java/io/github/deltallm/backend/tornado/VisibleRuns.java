package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/**
 * The three runs that one query sees: {@code [0, middle)} exactly, {@code [middle, recent)} as
 * encoded or not at all, {@code [recent, length)} exactly.
 */
record VisibleRuns(int middle, int recent, int length, int sinks, boolean dropped) {
    /** What a strategy declares for the query at {@code position}. */
    static VisibleRuns of(
            AttentionStrategy strategy,
            int layer,
            int kvHead,
            int position,
            AttentionStrategy.Request request) {
        int exactFrom = strategy.exactFrom(layer, kvHead, position, request);
        int window = strategy.window(layer, kvHead, request);
        if (exactFrom < position - (long) window + 1 && windowCounts(strategy, layer, kvHead)) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " asks for exact keys from "
                            + exactFrom
                            + " for the query at position "
                            + position
                            + ", outside its window of "
                            + window);
        }
        return of(strategy, layer, kvHead, position, exactFrom);
    }

    private static boolean windowCounts(AttentionStrategy strategy, int layer, int kvHead) {
        return strategy.dropsMiddle(layer, kvHead)
                || !(strategy.keys(layer, kvHead) instanceof Encoding.Exact)
                || !(strategy.values(layer, kvHead) instanceof Encoding.Exact);
    }

    /** The runs of a query whose exact one begins at {@code exactFrom}. */
    static VisibleRuns of(
            AttentionStrategy strategy, int layer, int kvHead, int position, int exactFrom) {
        int sinks = strategy.sinks(layer, kvHead);
        if (exactFrom < 0 || exactFrom > position || sinks < 0) {
            throw new IllegalStateException(
                    "the attention "
                            + strategy.spec()
                            + " asks for "
                            + sinks
                            + " sinks and exact keys from "
                            + exactFrom
                            + " for the query at position "
                            + position);
        }
        int middle = Math.min(sinks, exactFrom);
        boolean dropped = strategy.dropsMiddle(layer, kvHead);
        return new VisibleRuns(middle, exactFrom, position + 1, sinks, dropped);
    }

    /** The same, but with an exact run that begins no earlier than {@code bound}. */
    VisibleRuns from(int bound) {
        if (bound <= recent) {
            return this;
        }
        int from = Math.min(bound, length - 1);
        return new VisibleRuns(Math.min(sinks, from), from, length, sinks, dropped);
    }

    boolean inMiddle(int row) {
        return row >= middle && row < recent;
    }
}
