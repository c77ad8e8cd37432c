package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Store;

import java.util.Map;

/**
 * A strategy that says the same for every head.
 *
 * @param window recent keys that are exact, those of the query itself included
 */
record Runs(Encoding keys, Encoding values, int sinks, int window, boolean dropsMiddle)
        implements AttentionStrategy {
    static final Runs DENSE = dense(Store.F32);

    /** Every key exactly. */
    static Runs dense(Store store) {
        Encoding exact = new Encoding.Exact(store);
        return new Runs(exact, exact, 0, UNBOUNDED, false);
    }

    /** Sinks and a window, nothing between. */
    static Runs dropping(Store store, int sinks, int window) {
        Encoding exact = new Encoding.Exact(store);
        return new Runs(exact, exact, sinks, window, true);
    }

    /** Delta-encoded keys outside sinks and window, exact values. */
    static Runs delta(Encoding.Delta keys, int sinks, int window) {
        return new Runs(keys, new Encoding.Exact(keys.store()), sinks, window, false);
    }

    @Override
    public AttentionSpec spec() {
        return new AttentionSpec(
                "conformance",
                Map.of("sinks", "" + sinks, "window", "" + window, "keys", keys.toString()));
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
        return dropsMiddle;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return window;
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return window == UNBOUNDED ? 0 : Math.max(0, position - window + 1);
    }
}
