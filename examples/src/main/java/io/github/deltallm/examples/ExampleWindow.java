package io.github.deltallm.examples;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;

/**
 * An attention strategy in one class: the first keys and the latest ones are seen, those between
 * are dropped.
 *
 * <p>{@code module-info} and {@code META-INF/services} name it; nothing else is needed for every
 * backend to run it.
 */
public final class ExampleWindow implements AttentionProvider {
    /** For {@link java.util.ServiceLoader}. */
    public ExampleWindow() {}

    @Override
    public String name() {
        return "example-window";
    }

    @Override
    public String description() {
        return "the first keys (sinks) and the latest ones (size); those between are dropped";
    }

    @Override
    public List<String> settings() {
        return List.of("size", "sinks");
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        int size = spec.integer("size", 64, 1, 1 << 20);
        int sinks = spec.integer("sinks", 4, 0, 1 << 20);
        Encoding encoding = new Encoding.Exact(context.defaultStore());
        return new Window(size, sinks, encoding);
    }

    private record Window(int size, int sinks, Encoding encoding) implements AttentionStrategy {
        @Override
        public AttentionSpec spec() {
            return AttentionSpec.parse("example-window:size=" + size + ",sinks=" + sinks);
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
            return size;
        }

        @Override
        public int exactFrom(int layer, int kvHead, int position, Request request) {
            return Math.max(0, position - size + 1);
        }
    }
}
