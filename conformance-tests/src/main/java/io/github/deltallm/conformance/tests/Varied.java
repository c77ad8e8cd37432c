package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;
import java.util.Map;

/** A strategy that says something else for every head and layer. */
record Varied(List<Runs> runs) implements AttentionStrategy {
    private Runs of(int layer, int kvHead) {
        return runs.get((3 * layer + kvHead) % runs.size());
    }

    @Override
    public AttentionSpec spec() {
        return new AttentionSpec("conformance", Map.of("varied", "" + runs.size()));
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return of(layer, kvHead).keys();
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return of(layer, kvHead).values();
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return of(layer, kvHead).sinks();
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return of(layer, kvHead).dropsMiddle();
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return of(layer, kvHead).window();
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return of(layer, kvHead).exactFrom(layer, kvHead, position, request);
    }
}
