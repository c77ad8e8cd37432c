package io.github.deltallm.testsupport;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/**
 * Sinks and a window that are exact, in all heads alike, with rows between them as encoded or
 * dropped.
 *
 * @param window the last keys, or the keys of a block
 * @param blocks whether a prompt's queries see their block exactly instead of the last keys
 */
public record WindowStrategy(
        Encoding keys, Encoding values, int sinks, int window, boolean drops, boolean blocks)
        implements AttentionStrategy {
    /** The last {@code window} keys exactly, encoded rows before them. */
    public static WindowStrategy sliding(Encoding keys, Encoding values, int sinks, int window) {
        return new WindowStrategy(keys, values, sinks, window, false, false);
    }

    /** Every row as an encoding has it, all of them seen alike. */
    public static WindowStrategy all(Encoding encoding) {
        return sliding(encoding, encoding, 0, UNBOUNDED);
    }

    @Override
    public AttentionSpec spec() {
        return AttentionSpec.parse("window:sinks=" + sinks + ",window=" + window);
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return keys;
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return values;
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return sinks;
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return drops;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return window;
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return blocks && position < request.tokens()
                ? position / window * window
                : Math.max(0, position - window + 1);
    }
}
