package io.github.deltallm.models.bitnet;

import io.github.deltallm.api.spi.Metadata;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A tiny model in memory: 2 layers, width 128, 4 heads of 32 channels, 2 KV heads, feed-forward
 * 256, 5 tokens; projections are I2_S.
 */
final class FakeModel implements ModelSource {
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    FakeModel() {
        set("general.architecture", "bitnet-b1.58");
        set("bitnet-b1.58.block_count", 2L);
        set("bitnet-b1.58.embedding_length", 128L);
        set("bitnet-b1.58.feed_forward_length", 256L);
        set("bitnet-b1.58.attention.head_count", 4L);
        set("bitnet-b1.58.attention.head_count_kv", 2L);
        set("bitnet-b1.58.context_length", 64L);
        set("bitnet-b1.58.attention.layer_norm_rms_epsilon", 1e-5);
        tensor("token_embd.weight", TensorType.F16, 5, 128);
        tensor("output_norm.weight", TensorType.F32, 1, 128);
        for (String block : List.of("blk.0.", "blk.1.")) {
            tensor(block + "attn_norm.weight", TensorType.F32, 1, 128);
            tensor(block + "attn_q.weight", TensorType.I2_S, 128, 128);
            tensor(block + "attn_k.weight", TensorType.I2_S, 64, 128);
            tensor(block + "attn_v.weight", TensorType.I2_S, 64, 128);
            tensor(block + "attn_sub_norm.weight", TensorType.F32, 1, 128);
            tensor(block + "attn_output.weight", TensorType.I2_S, 128, 128);
            tensor(block + "ffn_norm.weight", TensorType.F32, 1, 128);
            tensor(block + "ffn_gate.weight", TensorType.I2_S, 256, 128);
            tensor(block + "ffn_up.weight", TensorType.I2_S, 256, 128);
            tensor(block + "ffn_sub_norm.weight", TensorType.F32, 1, 256);
            tensor(block + "ffn_down.weight", TensorType.I2_S, 128, 256);
        }
    }

    /** The same model with another architecture's name, in the keys too. */
    FakeModel as(String architecture) {
        for (String key : List.copyOf(values.keySet())) {
            if (key.startsWith("bitnet-b1.58.")) {
                Object value = values.remove(key);
                set(architecture + key.substring("bitnet-b1.58".length()), value);
            }
        }
        return set("general.architecture", architecture);
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

    FakeModel tensor(String name, TensorType type, int rows, int columns) {
        MemorySegment data = Arena.ofAuto().allocate(type.tensorBytes(rows, columns), 4);
        tensors.put(name, new Tensor(name, type, rows, columns, data));
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
