package io.github.deltallm.engine.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The functions every template can call. */
final class Globals {
    /** As in Jinja2's sandbox. */
    private static final long MAX_RANGE = 100_000;

    private final Rendering rendering;

    Globals(Rendering rendering) {
        this.rendering = rendering;
    }

    void define(Scope scope) {
        Map<String, Value.Callable.Body> functions =
                Map.of(
                        "range", this::range,
                        "namespace", this::namespace,
                        "dict", this::dict,
                        "raise_exception", this::refuse,
                        "strftime_now", this::now,
                        "joiner", this::joiner);
        functions.forEach((name, body) -> scope.set(name, new Value.Callable(name, body)));
    }

    private Value range(Arguments arguments) {
        List<Value> bounds = arguments.positional();
        Parameters parameters =
                bounds.size() == 1
                        ? arguments.bind("range", "stop")
                        : arguments.bind("range", "start", "stop", "step");
        parameters.required("stop");
        long start = parameters.integer("start", 0);
        long stop = parameters.integer("stop", 0);
        long step = parameters.integer("step", 1);
        if (step == 0) {
            throw Fault.failed("the step of a range cannot be zero");
        }
        List<Value> numbers = new ArrayList<>();
        long next = start;
        while (step > 0 ? next < stop : next > stop) {
            if (numbers.size() == MAX_RANGE) {
                throw new Fault(
                        Fault.Kind.STOPPED, "a range has more than " + MAX_RANGE + " numbers");
            }
            numbers.add(Value.of(next));
            if (step > 0 ? next > Long.MAX_VALUE - step : next < Long.MIN_VALUE - step) {
                break;
            }
            next += step;
        }
        rendering.budget().steps(numbers.size());
        return Value.list(numbers);
    }

    private Value namespace(Arguments arguments) {
        Namespace namespace = new Namespace();
        for (Mapping.Entry entry : mapping(arguments, "namespace").entries()) {
            if (!(entry.key() instanceof Text name)) {
                throw Fault.failed(
                        "the attributes of a namespace have names, not '"
                                + entry.key().type()
                                + "'");
            }
            namespace.set(name.chars(), entry.value());
        }
        return namespace;
    }

    private Value dict(Arguments arguments) {
        return mapping(arguments, "dict");
    }

    /** From a dict or a sequence of pairs, and from named arguments. */
    private Mapping mapping(Arguments arguments, String callee) {
        Mapping.Builder builder = new Mapping.Builder();
        Arguments positional = new Arguments(arguments.positional(), Map.of());
        positional
                .bind(callee, "mapping")
                .optional("mapping")
                .ifPresent(value -> putAll(value, builder));
        arguments.named().forEach((name, value) -> builder.put(Text.trusted(name), value));
        return builder.build();
    }

    private void putAll(Value value, Mapping.Builder builder) {
        if (value instanceof Mapping mapping) {
            rendering.budget().steps(mapping.size());
            builder.putAll(mapping);
            return;
        }
        for (Value pair : rendering.iterate(value)) {
            List<Value> parts = rendering.iterate(pair);
            if (parts.size() != 2) {
                throw Fault.failed(
                        "a dict is made from pairs, not from " + parts.size() + " values");
            }
            builder.put(parts.get(0), parts.get(1));
        }
    }

    private Value refuse(Arguments arguments) {
        Value message = arguments.bind("raise_exception", "message").or("message", Text.EMPTY);
        throw new Fault(Fault.Kind.REFUSED, rendering.text(message).chars());
    }

    private Value now(Arguments arguments) {
        Text format = arguments.bind("strftime_now", "format").text("format");
        return Strftime.format(format, LocalDateTime.now(rendering.clock()), rendering);
    }

    /** A function that returns nothing the first time and the separator from then on. */
    private Value joiner(Arguments arguments) {
        Value separator = arguments.bind("joiner", "sep").or("sep", Text.untrusted(", "));
        Namespace used = new Namespace();
        return new Value.Callable(
                "joiner",
                call -> {
                    boolean first = used.get("used").isEmpty();
                    used.set("used", Value.of(true));
                    return first ? Text.EMPTY : separator;
                });
    }
}
