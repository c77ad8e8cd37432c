package io.github.deltallm.engine.template;

import java.util.Map;
import java.util.Optional;

/** The arguments of one call, by the callee's own names and with the types it needs. */
record Parameters(String callee, Map<String, Value> values) {

    Optional<Value> optional(String name) {
        return Optional.ofNullable(values.get(name));
    }

    Value required(String name) {
        return optional(name)
                .orElseThrow(() -> Fault.failed(callee + " needs its argument '" + name + "'"));
    }

    Value or(String name, Value fallback) {
        return optional(name).orElse(fallback);
    }

    boolean truth(String name, boolean fallback) {
        return optional(name).map(Value::truth).orElse(fallback);
    }

    long integer(String name, long fallback) {
        return optional(name).map(value -> integer(name, value)).orElse(fallback);
    }

    /** An integer for which none stands for the fallback, as Python's own functions have it. */
    long integerOrNone(String name, long fallback) {
        return present(name).map(value -> integer(name, value)).orElse(fallback);
    }

    Text text(String name) {
        return text(name, required(name));
    }

    /** A text that may be left out or be none. */
    Optional<Text> optionalText(String name) {
        return present(name).map(value -> text(name, value));
    }

    private Optional<Value> present(String name) {
        return optional(name).filter(value -> !(value instanceof Value.None));
    }

    private long integer(String name, Value value) {
        return switch (value) {
            case Value.Int number -> number.value();
            case Value.Bool bool -> bool.value() ? 1 : 0;
            default -> throw mismatch(name, "an integer", value);
        };
    }

    private Text text(String name, Value value) {
        if (value instanceof Text text) {
            return text;
        }
        throw mismatch(name, "a string", value);
    }

    private Fault mismatch(String name, String wanted, Value value) {
        return Fault.failed(
                value instanceof Value.Undefined undefined
                        ? undefined.reason()
                        : callee
                                + " needs "
                                + wanted
                                + " as its argument '"
                                + name
                                + "', not '"
                                + value.type()
                                + "'");
    }
}
