package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Filters for dicts, for attributes and for what is missing. */
final class MappingFilters {
    static final Map<String, Filter> ALL =
            Map.of(
                    "items", (input, arguments, r) -> items(input),
                    "dictsort", MappingFilters::dictsort,
                    "attr", MappingFilters::attribute,
                    "default", MappingFilters::fallback,
                    "d", MappingFilters::fallback);

    private MappingFilters() {}

    private static Value items(Value input) {
        return switch (input) {
            case Mapping mapping -> Value.iterator(mapping.items().items());
            case Value.Undefined missing -> Value.iterator(List.of());
            default -> throw Fault.failed("only a dict has items, not '" + input.type() + "'");
        };
    }

    private static Value dictsort(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
        if (!(input instanceof Mapping mapping)) {
            Arithmetic.requireDefined(input);
            throw Fault.failed("only a dict can be sorted by dictsort, not '" + input.type() + "'");
        }
        String by = rendering.text(parameters.or("by", Text.untrusted("key"))).chars();
        if (!by.equals("key") && !by.equals("value")) {
            throw Fault.failed("dictsort sorts by key or value, not by '" + by + "'");
        }
        int part = by.equals("key") ? 0 : 1;
        boolean caseSensitive = parameters.truth("case_sensitive", false);
        Comparator<Value> order =
                (a, b) ->
                        rendering
                                .comparison()
                                .order(
                                        key(a, part, caseSensitive, rendering),
                                        key(b, part, caseSensitive, rendering));
        List<Value> items = new ArrayList<>(rendering.iterate(mapping.items()));
        items.sort(parameters.truth("reverse", false) ? order.reversed() : order);
        return Value.list(items);
    }

    private static Value key(Value pair, int part, boolean caseSensitive, Rendering rendering) {
        Value key = ((Value.Sequence) pair).items().get(part);
        return caseSensitive ? key : SequenceFilters.withoutCase(key, rendering);
    }

    private static Value attribute(Value input, Arguments arguments, Rendering rendering) {
        String name = arguments.bind("attr", "name").text("name").chars();
        if (input instanceof Mapping
                && rendering.access().attribute(input, name) instanceof Value.Callable method) {
            return method;
        }
        return input instanceof Mapping
                ? new Value.Undefined("a dict has no attribute '" + name + "'")
                : rendering.access().attribute(input, name);
    }

    private static Value fallback(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("default", "default_value", "boolean");
        boolean missing =
                input instanceof Value.Undefined
                        || (parameters.truth("boolean", false) && !input.truth());
        return missing ? parameters.or("default_value", Text.EMPTY) : input;
    }
}
