package org.example.attention;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;

/** Sinks and a window, the middle dropped: {@code toy:window=16,sinks=2}. */
public final class ToyAttention implements AttentionProvider {
    @Override
    public String name() {
        return "toy";
    }

    @Override
    public String description() {
        return "sinks and a window, the middle dropped";
    }

    @Override
    public List<String> settings() {
        return List.of("window", "sinks");
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        return new Toy(
                spec.integer("window", 16, 1, 4096),
                spec.integer("sinks", 2, 0, 4096),
                new Encoding.Exact(context.defaultStore()));
    }

    private record Toy(int window, int sinks, Encoding encoding) implements AttentionStrategy {
        @Override
        public AttentionSpec spec() {
            return AttentionSpec.parse("toy:window=" + window + ",sinks=" + sinks);
        }

        @Override
        public Encoding keys(int layer, int kvHead) {
            return encoding;
        }

        @Override
        public Encoding values(int layer, int kvHead) {
            return encoding;
        }

        @Override
        public int sinks(int layer, int kvHead) {
            return sinks;
        }

        @Override
        public boolean dropsMiddle(int layer, int kvHead) {
            return true;
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
