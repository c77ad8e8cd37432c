package io.github.deltallm.engine.template;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code namespace()} makes: the only value a template can change, and so the only way out of
 * a loop's scope.
 */
final class Namespace implements Value {
    private final Map<String, Value> attributes = new LinkedHashMap<>();

    Optional<Value> get(String name) {
        return Optional.ofNullable(attributes.get(name));
    }

    void set(String name, Value value) {
        attributes.put(name, value);
    }

    @Override
    public boolean truth() {
        return true;
    }

    @Override
    public String type() {
        return "Namespace";
    }
}
