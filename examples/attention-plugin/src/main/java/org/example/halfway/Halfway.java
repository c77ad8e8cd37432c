package org.example.halfway;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;

/**
 * {@code halfway[:theta=1.0,window=64]}: the first half of the layers keeps every key, the second
 * half keeps keys outside of a window as their changes.
 */
public final class Halfway implements AttentionProvider {
    private static final int WIDEST = 1 << 20;

    /** For {@link java.util.ServiceLoader}. */
    public Halfway() {}

    @Override
    public String name() {
        return "halfway";
    }

    @Override
    public String description() {
        return "every key in the first half of the layers, changes above theta outside of a window in"
                + " the second";
    }

    @Override
    public List<String> settings() {
        return List.of("theta", "window");
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        float theta = spec.real("theta", 1, 0);
        int window = spec.integer("window", 64, 1, WIDEST);
        return new Layers(
                theta,
                window,
                context.heads().layers() / 2,
                new Encoding.Exact(context.defaultStore()),
                Encoding.Delta.of(theta, Encoding.Events.BF16, context.defaultStore()));
    }

    private record Layers(
            float theta, int window, int exactLayers, Encoding exact, Encoding encoded)
            implements AttentionStrategy {
        @Override
        public AttentionSpec spec() {
            return AttentionSpec.parse("halfway:theta=" + theta + ",window=" + window);
        }

        @Override
        public Encoding keys(int layer, int kvHead) {
            return layer < exactLayers ? exact : encoded;
        }

        @Override
        public Encoding values(int layer, int kvHead) {
            return exact;
        }

        @Override
        public int window(int layer, int kvHead, Request request) {
            return window;
        }

        @Override
        public int exactFrom(int layer, int kvHead, int position, Request request) {
            return Math.max(0, position - window + 1);
        }
    }
}
