package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A dict: keeps the order of insertion; keys are equal as in Python, so 1, 1.0 and True are one
 * key.
 */
final class Mapping implements Value {
    private final Map<Object, Entry> entries;

    record Entry(Value key, Value value) {}

    private Mapping(Map<Object, Entry> entries) {
        this.entries = entries;
    }

    Optional<Value> get(Value key) {
        return identity(key).map(entries::get).map(Entry::value);
    }

    Optional<Value> get(String key) {
        return Optional.ofNullable(entries.get(key)).map(Entry::value);
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    int size() {
        return entries.size();
    }

    Sequence keys() {
        return new Sequence(Kind.KEYS, List.copyOf(keyList()));
    }

    Sequence values() {
        List<Value> values = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> values.add(entry.value()));
        return new Sequence(Kind.VALUES, List.copyOf(values));
    }

    /** Pairs of key and value. */
    Sequence items() {
        List<Value> items = new ArrayList<>(entries.size());
        entries.values()
                .forEach(entry -> items.add(Value.tuple(List.of(entry.key(), entry.value()))));
        return new Sequence(Kind.ITEMS, List.copyOf(items));
    }

    private List<Value> keyList() {
        List<Value> keys = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> keys.add(entry.key()));
        return keys;
    }

    @Override
    public boolean truth() {
        return !entries.isEmpty();
    }

    @Override
    public String type() {
        return "dict";
    }

    /** What stands for a key in the hash table; empty for what cannot be a key. */
    private static Optional<Object> identity(Value key) {
        return switch (key) {
            case Text text -> Optional.of(text.chars());
            case Int number -> Optional.of(number.value());
            case Bool bool -> Optional.of(bool.value() ? 1L : 0L);
            case Real real when real.value() == (long) real.value() ->
                    Optional.of((long) real.value());
            case Real real -> Optional.of(real.value());
            case None none -> Optional.of(none);
            default -> Optional.empty();
        };
    }

    static final class Builder {
        private final Map<Object, Entry> entries = new LinkedHashMap<>();

        /** A repeated key keeps its first spelling and takes the last value. */
        Builder put(Value key, Value value) {
            Object identity = hashable(key);
            Entry old = entries.get(identity);
            entries.put(identity, new Entry(old == null ? key : old.key(), value));
            return this;
        }

        /** Leaves a repeated key alone and says so by false. */
        boolean putIfNew(Value key, Value value) {
            return entries.putIfAbsent(hashable(key), new Entry(key, value)) == null;
        }

        private static Object hashable(Value key) {
            return identity(key)
                    .orElseThrow(() ->
                            Fault.failed(
                                    "a value of type '"
                                            + key.type()
                                            + "' cannot be a key of a dict"));
        }

        Builder putAll(Mapping other) {
            other.entries.values().forEach(entry -> put(entry.key(), entry.value()));
            return this;
        }

        Mapping build() {
            return new Mapping(new LinkedHashMap<>(entries));
        }
    }
}
