package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.spi.Metadata;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Metadata from a map, as a model file would give it; for vocabularies made by hand. */
final class TestMetadata implements Metadata {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int BYTE = 6;

    private final Map<String, Object> values = new LinkedHashMap<>();

    /** A byte-level BPE vocabulary that splits text as GPT-2 does. */
    static TestMetadata bytePairs(List<String> tokens, String... merges) {
        return new TestMetadata()
                .with("tokenizer.ggml.model", "gpt2")
                .with("tokenizer.ggml.pre", "gpt-2")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.merges", List.of(merges));
    }

    static TestMetadata sentencePiece(List<String> tokens, float... scores) {
        return new TestMetadata()
                .with("tokenizer.ggml.model", "llama")
                .with("tokenizer.ggml.tokens", tokens)
                .with("tokenizer.ggml.scores", scores);
    }

    TestMetadata with(String key, Object value) {
        values.put(key, value);
        return this;
    }

    TestMetadata types(int... types) {
        return with("tokenizer.ggml.token_type", types);
    }

    TestMetadata without(String key) {
        values.remove(key);
        return this;
    }

    Tokenizer tokenizer() {
        return Tokenizer.of(this);
    }

    @Override
    public String source() {
        return "test.gguf";
    }

    @Override
    public Set<String> keys() {
        return values.keySet();
    }

    @Override
    public Optional<String> text(String key) {
        return value(key, String.class);
    }

    @Override
    public Optional<Long> integer(String key) {
        return value(key, Integer.class).map(Integer::longValue);
    }

    @Override
    public Optional<Double> real(String key) {
        return value(key, Double.class);
    }

    @Override
    public Optional<Boolean> bool(String key) {
        return value(key, Boolean.class);
    }

    @Override
    @SuppressWarnings("unchecked")
    public Optional<List<String>> texts(String key) {
        return value(key, List.class).map(list -> (List<String>) list);
    }

    @Override
    public Optional<int[]> integers(String key) {
        return value(key, int[].class);
    }

    @Override
    public Optional<float[]> reals(String key) {
        return value(key, float[].class);
    }

    private <T> Optional<T> value(String key, Class<T> type) {
        return Optional.ofNullable(values.get(key)).map(type::cast);
    }
}
