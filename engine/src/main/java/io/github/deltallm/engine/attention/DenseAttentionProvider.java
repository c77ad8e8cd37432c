package io.github.deltallm.engine.attention;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** {@code dense[:keys=f32|bf16|int8|int4,values=...]}: every query sees every key before it. */
public final class DenseAttentionProvider implements AttentionProvider {
    private static final List<String> STORES =
            Stream.of(Encoding.Store.values()).map(DenseAttentionProvider::label).toList();

    /** For {@link java.util.ServiceLoader}. */
    public DenseAttentionProvider() {}

    @Override
    public String name() {
        return "dense";
    }

    @Override
    public String description() {
        return "exact attention over every key; keys and values kept as f32, bf16, int8 or int4";
    }

    @Override
    public List<String> settings() {
        return List.of("keys", "values");
    }

    @Override
    public AttentionStrategy create(AttentionSpec spec, Context context) {
        spec.requireKeys(settings());
        // With bf16 for both, near ties between tokens fall otherwise than in fp32 implementations.
        String usual = label(Encoding.Store.F32);
        String keys = spec.choice("keys", usual, STORES);
        String values = spec.choice("values", usual, STORES);
        return new Dense(
                AttentionSpec.parse("dense:keys=" + keys + ",values=" + values),
                store(keys),
                store(values));
    }

    private static String label(Encoding.Store store) {
        return store.name().toLowerCase(Locale.ROOT);
    }

    private static Encoding store(String label) {
        return new Encoding.Exact(Encoding.Store.valueOf(label.toUpperCase(Locale.ROOT)));
    }

    private record Dense(AttentionSpec spec, Encoding keys, Encoding values)
            implements AttentionStrategy {
        @Override
        public Encoding keys(int layer, int kvHead) {
            return keys;
        }

        @Override
        public Encoding values(int layer, int kvHead) {
            return values;
        }
    }
}
