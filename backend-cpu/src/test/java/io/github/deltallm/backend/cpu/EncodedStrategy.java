package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/** Encoded rows between the sinks and the last {@code window} keys, or the keys of a block. */
record EncodedStrategy(Encoding keys, Encoding values, int sinks, int window, boolean blocks)
        implements AttentionStrategy {
    @Override
    public AttentionSpec spec() {
        return AttentionSpec.parse("encoded:sinks=" + sinks + ",window=" + window);
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
