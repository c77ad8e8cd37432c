package io.github.deltallm.engine.template;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Attributes and items. As in Jinja2, {@code a.b} looks for a method first and an item second,
 * {@code a['b']} the other way round, and what is not there is undefined rather than an error.
 */
final class Access {
    /** Python's methods that change a value in place, which the sandbox refuses. */
    private static final Map<String, Set<String>> CHANGING =
            Map.of(
                    "list",
                    Set.of(
                            "append", "clear", "extend", "insert", "pop", "remove", "reverse",
                            "sort"),
                    "dict",
                    Set.of("clear", "pop", "popitem", "setdefault", "update"));

    private final Rendering rendering;

    Access(Rendering rendering) {
        this.rendering = rendering;
    }

    Value attribute(Value target, String name) {
        requireDefined(target);
        return method(target, name)
                .or(() -> target instanceof Mapping mapping ? mapping.get(name) : Optional.empty())
                .orElseGet(() -> missing(target, name));
    }

    Value item(Value target, Value key) {
        requireDefined(target);
        return found(target, key)
                .or(() ->
                        key instanceof Text name ? method(target, name.chars()) : Optional.empty())
                .orElseGet(() -> missing(target, rendering.text(key).chars()));
    }

    /**
     * Follows a path such as {@code function.name} or {@code 0}, as filters take it; the fallback,
     * if any, stands for whatever is missing on the way.
     */
    Value path(Value target, Value path, Optional<Value> fallback) {
        if (!(path instanceof Text text)) {
            return orFallback(item(target, path), fallback);
        }
        Value value = target;
        int end = -1;
        while (end < text.length()) {
            rendering.budget().step();
            int start = end + 1;
            int dot = text.chars().indexOf('.', start);
            end = dot < 0 ? text.length() : dot;
            String part = text.chars().substring(start, end);
            boolean index = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
            value =
                    orFallback(
                            item(value, index ? indexKey(part) : Text.untrusted(part)), fallback);
        }
        return value;
    }

    private static Value orFallback(Value found, Optional<Value> fallback) {
        return found instanceof Value.Undefined ? fallback.orElse(found) : found;
    }

    private static Value indexKey(String digits) {
        return Value.of(NumberParser.integer(digits, 10).orElseThrow());
    }

    private static void requireDefined(Value value) {
        Arithmetic.requireDefined(value);
    }

    private static Value missing(Value target, String name) {
        return new Value.Undefined("a value of type '" + target.type() + "' has no '" + name + "'");
    }

    private Optional<Value> found(Value target, Value key) {
        return switch (target) {
            case Mapping mapping -> mapping.get(key);
            case Value.Sequence sequence when sequence.kind().indexed() ->
                    index(key, sequence.items().size()).map(sequence.items()::get);
            case Text text -> {
                rendering.budget().characters(text.length());
                yield index(key, text.codePoints()).map(at -> character(text, at));
            }
            default -> Optional.empty();
        };
    }

    private static Optional<Integer> index(Value key, int size) {
        if (!(key instanceof Value.Int) && !(key instanceof Value.Bool)) {
            return Optional.empty();
        }
        long index = Arithmetic.integer(key);
        long position = index < 0 ? index + size : index;
        return position >= 0 && position < size ? Optional.of((int) position) : Optional.empty();
    }

    private static Text character(Text text, int codePoint) {
        int from = text.offset(codePoint);
        return text.slice(from, from + Character.charCount(text.chars().codePointAt(from)));
    }

    private Optional<Value> method(Value target, String name) {
        if (CHANGING.getOrDefault(target.type(), Set.of()).contains(name)) {
            return Optional.of(refused(target, name));
        }
        return switch (target) {
            case Text text -> bound(text, name, TextMethods.named(name));
            case Mapping mapping ->
                    bound(mapping, name, Optional.ofNullable(MAPPING_METHODS.get(name)));
            case Value.Sequence sequence when sequence.kind().indexed() ->
                    bound(sequence, name, Optional.ofNullable(SEQUENCE_METHODS.get(name)));
            case Namespace namespace -> namespace.get(name);
            case Loop loop -> loop.attribute(name);
            default -> Optional.empty();
        };
    }

    /**
     * Fails when it is called, and not before: a template may ask for a dict's own item 'update'.
     */
    private static Value refused(Value target, String name) {
        if (target instanceof Mapping mapping && mapping.get(name).isPresent()) {
            return mapping.get(name).get();
        }
        return new Value.Callable(
                name,
                arguments -> {
                    throw Fault.failed(
                            "'"
                                    + name
                                    + "' would change a "
                                    + target.type()
                                    + " in place, which templates may not");
                });
    }

    private <T extends Value> Optional<Value> bound(
            T target, String name, Optional<Method<T>> method) {
        return method.map(
                found -> new Value.Callable(name, arguments -> call(found, target, arguments)));
    }

    private <T extends Value> Value call(Method<T> method, T target, Arguments arguments) {
        if (target instanceof Text text) {
            rendering.budget().characters(text.length());
        }
        arguments.charge(rendering.budget());
        return method.call(target, arguments, rendering);
    }

    private static final Map<String, Method<Mapping>> MAPPING_METHODS =
            Map.of(
                    "items", (self, arguments, rendering) -> paid(self, rendering).items(),
                    "keys", (self, arguments, rendering) -> paid(self, rendering).keys(),
                    "values", (self, arguments, rendering) -> paid(self, rendering).values(),
                    "copy", (self, arguments, rendering) -> self,
                    "get",
                            (self, arguments, rendering) -> {
                                Parameters parameters = arguments.bind("get", "key", "default");
                                return self.get(parameters.required("key"))
                                        .orElseGet(() -> parameters.or("default", Value.NONE));
                            });

    private static final Map<String, Method<Value.Sequence>> SEQUENCE_METHODS =
            Map.of(
                    "copy", (self, arguments, rendering) -> self,
                    "count", Access::count,
                    "index", Access::indexOf);

    private static Mapping paid(Mapping mapping, Rendering rendering) {
        rendering.budget().steps(mapping.size());
        return mapping;
    }

    private static Value count(Value.Sequence self, Arguments arguments, Rendering rendering) {
        Value wanted = arguments.bind("count", "value").required("value");
        List<Value> items = rendering.iterate(self);
        return Value.of(
                items.stream().filter(item -> rendering.comparison().equal(item, wanted)).count());
    }

    private static Value indexOf(Value.Sequence self, Arguments arguments, Rendering rendering) {
        Value wanted = arguments.bind("index", "value").required("value");
        List<Value> items = rendering.iterate(self);
        for (int i = 0; i < items.size(); i++) {
            if (rendering.comparison().equal(items.get(i), wanted)) {
                return Value.of(i);
            }
        }
        throw Fault.failed("the value that 'index' looks for is not in the list");
    }
}
