package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.Map;

/**
 * A strategy whose window is a part of what was declared, or in the prompt a block of that size.
 *
 * @param runs everything else; its window is the smallest
 */
record Percent(Runs runs, int percent, boolean blocks) implements AttentionStrategy {
    @Override
    public AttentionSpec spec() {
        Map<String, String> settings =
                Map.of("percent", "" + percent, "blocks", "" + blocks, "runs", runs.toString());
        return new AttentionSpec("conformance", settings);
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return runs.keys();
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return runs.values();
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return runs.sinks();
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return runs.dropsMiddle();
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return Math.max(runs.window(), (int) Math.rint(percent / 100.0 * request.tokens()));
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        int window = window(layer, kvHead, request);
        return blocks && position < request.tokens()
                ? position / window * window
                : Math.max(0, position - window + 1);
    }
}
