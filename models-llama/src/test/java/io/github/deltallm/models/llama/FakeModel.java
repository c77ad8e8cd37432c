package io.github.deltallm.models.llama;

import io.github.deltallm.api.spi.Metadata;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A tiny model in memory: 2 layers, width 8, 4 heads of 2 channels, 2 KV heads, feed-forward 12, 5
 * tokens.
 */
final class FakeModel implements ModelSource {
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    FakeModel() {
        set("general.architecture", "llama");
        set("llama.block_count", 2L);
        set("llama.embedding_length", 8L);
        set("llama.feed_forward_length", 12L);
        set("llama.attention.head_count", 4L);
        set("llama.attention.head_count_kv", 2L);
        set("llama.context_length", 64L);
        set("llama.attention.layer_norm_rms_epsilon", 1e-5);
        tensor("token_embd.weight", 5, 8);
        tensor("output_norm.weight", 1, 8);
        for (String block : List.of("blk.0.", "blk.1.")) {
            tensor(block + "attn_norm.weight", 1, 8);
            tensor(block + "attn_q.weight", 8, 8);
            tensor(block + "attn_k.weight", 4, 8);
            tensor(block + "attn_v.weight", 4, 8);
            tensor(block + "attn_output.weight", 8, 8);
            tensor(block + "ffn_norm.weight", 1, 8);
            tensor(block + "ffn_gate.weight", 12, 8);
            tensor(block + "ffn_up.weight", 12, 8);
            tensor(block + "ffn_down.weight", 8, 12);
        }
    }

    FakeModel set(String key, Object value) {
        values.put(key, value);
        return this;
    }

    FakeModel without(String name) {
        values.remove(name);
        tensors.remove(name);
        return this;
    }

    FakeModel tensor(String name, int rows, int columns, float... data) {
        MemorySegment segment = Arena.ofAuto().allocate(4L * rows * columns, 4);
        for (int i = 0; i < data.length; i++) {
            segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, data[i]);
        }
        tensors.put(name, new Tensor(name, TensorType.F32, rows, columns, segment));
        return this;
    }

    @Override
    public String name() {
        return "fake.gguf";
    }

    @Override
    public List<Tensor> tensors() {
        return List.copyOf(tensors.values());
    }

    @Override
    public Optional<Tensor> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public Metadata metadata() {
        return new Metadata() {
            @Override
            public String source() {
                return name();
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
                return value(key, Long.class);
            }

            @Override
            public Optional<Double> real(String key) {
                return value(key, Number.class).map(Number::doubleValue);
            }

            @Override
            public Optional<Boolean> bool(String key) {
                return value(key, Boolean.class);
            }

            @Override
            public Optional<List<String>> texts(String key) {
                return Optional.empty();
            }

            @Override
            public Optional<int[]> integers(String key) {
                return Optional.empty();
            }

            @Override
            public Optional<float[]> reals(String key) {
                return Optional.empty();
            }

            private <T> Optional<T> value(String key, Class<T> type) {
                return Optional.ofNullable(values.get(key)).map(type::cast);
            }
        };
    }
}
