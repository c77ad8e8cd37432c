package io.github.deltallm.testsupport;

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

/** A model file in memory, called {@code fake.gguf}, that a test fills and spoils as it likes. */
public final class FakeModel implements ModelSource {
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** An empty file. */
    public FakeModel() {}

    public FakeModel set(String key, Object value) {
        values.put(key, value);
        return this;
    }

    /** Without a key or a tensor. */
    public FakeModel without(String name) {
        values.remove(name);
        tensors.remove(name);
        return this;
    }

    /** Gives all keys that begin with an architecture's name another one, that key included. */
    public FakeModel as(String architecture) {
        String before = (String) values.getOrDefault("general.architecture", "");
        for (Map.Entry<String, Object> value : List.copyOf(values.entrySet())) {
            if (value.getKey().startsWith(before + ".")) {
                values.remove(value.getKey());
                set(architecture + value.getKey().substring(before.length()), value.getValue());
            }
        }
        return set("general.architecture", architecture);
    }

    /** A tensor of zeros. */
    public FakeModel tensor(String name, TensorType type, int rows, int columns) {
        MemorySegment data = Arena.ofAuto().allocate(type.tensorBytes(rows, columns), 4);
        tensors.put(name, new Tensor(name, type, rows, columns, data));
        return this;
    }

    /** An f32 tensor; zeros behind the data. */
    public FakeModel tensor(String name, int rows, int columns, float... data) {
        tensor(name, TensorType.F32, rows, columns);
        MemorySegment.copy(
                data,
                0,
                requireTensor(name, rows, columns).data(),
                ValueLayout.JAVA_FLOAT,
                0,
                data.length);
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
