package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/**
 * Exact rows in one store; the middle is dropped outside the sinks and the last {@code window}
 * keys, or kept if the window is 0.
 */
record TestStrategy(Encoding.Store store, int sinks, int window) implements AttentionStrategy {
    static TestStrategy dense(Encoding.Store store) {
        return new TestStrategy(store, 0, 0);
    }

    @Override
    public AttentionSpec spec() {
        return AttentionSpec.parse("test:sinks=" + sinks + ",window=" + window);
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return new Encoding.Exact(store);
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return new Encoding.Exact(store);
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return sinks;
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return window > 0;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return window > 0 ? window : UNBOUNDED;
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return window > 0 ? Math.max(0, position - window + 1) : 0;
    }

    /** Whether a query sees a key. */
    boolean sees(int query, int key) {
        return key <= query && (window == 0 || key < sinks || key > query - window);
    }
}
