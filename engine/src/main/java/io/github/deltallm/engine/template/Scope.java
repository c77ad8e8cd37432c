package io.github.deltallm.engine.template;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The variables of one block; what is not found here is looked for around it, and assignments stay
 * here.
 */
final class Scope {
    private final @Nullable Scope around;
    private final Map<String, Value> variables = new HashMap<>();

    private Scope(@Nullable Scope around) {
        this.around = around;
    }

    static Scope outermost() {
        return new Scope(null);
    }

    Scope inner() {
        return new Scope(this);
    }

    Scope set(String name, Value value) {
        variables.put(name, value);
        return this;
    }

    Optional<Value> find(String name) {
        for (Scope scope = this; scope != null; scope = scope.around) {
            Value value = scope.variables.get(name);
            if (value != null) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
