package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionSpec;

/**
 * What is kept of keys and values, and which of them a query sees exactly: declarations only, no
 * kernels.
 *
 * <p>For the query at position i the visible keys fall into three runs:
 *
 * <pre>
 * [0, sinks)               exact
 * [sinks, exactFrom(i))    as encoded, or dropped
 * [exactFrom(i), i]        exact
 * </pre>
 *
 * Backends implement this one contract, so a strategy in one class runs on all of them. Only the
 * first run and the last {@link #window} keys are promised to stay available exactly.
 * Implementations are stateless, immutable and safe to share; every method is a pure function of
 * its arguments. A backend refuses numbers that make no sense, naming the strategy. When a method
 * throws, that comes out of what was called, and caches are as before.
 */
public interface AttentionStrategy {
    /** The value of {@link #window} of a strategy that keeps every row exactly. */
    int UNBOUNDED = Integer.MAX_VALUE;

    /** Name and settings with every default filled in, as it is reported. */
    AttentionSpec spec();

    /** How the keys of a head are kept. */
    Encoding keys(int layer, int kvHead);

    /** How the values of a head are kept. */
    Encoding values(int layer, int kvHead);

    /** Number of keys at the beginning of the sequence that stay exact. */
    default int sinks(int layer, int kvHead) {
        return 0;
    }

    /** Whether keys between the sinks and the exact run are left out altogether. */
    default boolean dropsMiddle(int layer, int kvHead) {
        return false;
    }

    /**
     * The largest number of keys that {@link #exactFrom} ever asks to be exact for one query of the
     * request: {@code i - exactFrom(i) + 1} is at most this. It counts only where the middle is
     * encoded or dropped; there it is 1 at least, for the query's own key. It may grow with the
     * request but not fall; keys that were outside it before stay outside, see {@link
     * KvCache#declare}.
     */
    default int window(int layer, int kvHead, Request request) {
        return UNBOUNDED;
    }

    /**
     * The first position of the exact run that ends at {@code position}: from 0 to {@code
     * position}, and no further back than {@link #window} keys.
     */
    default int exactFrom(int layer, int kvHead, int position, Request request) {
        return 0;
    }

    /**
     * What is known about a sequence when its attention is planned.
     *
     * @param tokens the declared number of tokens of the prompt so far, from which relative windows
     *     are taken; positions from here on are decoded ones
     */
    record Request(int tokens) {}
}
