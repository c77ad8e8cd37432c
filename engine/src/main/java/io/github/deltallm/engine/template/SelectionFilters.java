package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** Filters that apply another filter or test, or look up an attribute, for every item. */
final class SelectionFilters {
    static final Map<String, Filter> ALL =
            Map.of(
                    "map", SelectionFilters::map,
                    "select", (input, arguments, r) -> select(input, arguments, r, true),
                    "reject", (input, arguments, r) -> select(input, arguments, r, false),
                    "selectattr",
                            (input, arguments, r) -> selectAttribute(input, arguments, r, true),
                    "rejectattr",
                            (input, arguments, r) -> selectAttribute(input, arguments, r, false));

    private SelectionFilters() {}

    private static Value map(Value input, Arguments arguments, Rendering rendering) {
        UnaryOperator<Value> mapping = mapping(arguments, rendering);
        List<Value> mapped = new ArrayList<>();
        for (Value item : items(input, rendering)) {
            mapped.add(mapping.apply(item));
        }
        return Value.iterator(mapped);
    }

    /** As in Jinja2, whatever is false counts as empty here, though nowhere else. */
    private static List<Value> items(Value input, Rendering rendering) {
        return input.truth() ? rendering.iterate(input) : List.of();
    }

    private static UnaryOperator<Value> mapping(Arguments arguments, Rendering rendering) {
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            Parameters parameters = arguments.bind("map", "attribute", "default");
            Value attribute = parameters.required("attribute");
            Optional<Value> fallback =
                    parameters.optional("default").filter(value -> !(value instanceof Value.None));
            return item -> rendering.access().path(item, attribute, fallback);
        }
        String filter = first(arguments, "map needs the name of a filter", rendering);
        Arguments others = arguments.after(1);
        return item -> Filters.apply(filter, item, others, rendering);
    }

    private static String first(Arguments arguments, String complaint, Rendering rendering) {
        if (arguments.positional().isEmpty()) {
            throw Fault.failed(complaint);
        }
        return rendering.text(arguments.positional().getFirst()).chars();
    }

    private static Value select(
            Value input, Arguments arguments, Rendering rendering, boolean wanted) {
        Predicate<Value> test = test(arguments, rendering);
        return keep(input, item -> test.test(item) == wanted, rendering);
    }

    private static Value selectAttribute(
            Value input, Arguments arguments, Rendering rendering, boolean wanted) {
        if (arguments.positional().isEmpty()) {
            throw Fault.failed("selectattr and rejectattr need the name of an attribute");
        }
        Value attribute = arguments.positional().getFirst();
        Predicate<Value> test = test(arguments.after(1), rendering);
        return keep(
                input,
                item ->
                        test.test(rendering.access().path(item, attribute, Optional.empty()))
                                == wanted,
                rendering);
    }

    /** The named test with its arguments, or the item's own truth. */
    private static Predicate<Value> test(Arguments arguments, Rendering rendering) {
        if (arguments.positional().isEmpty()) {
            return Value::truth;
        }
        String name = first(arguments, "a test needs a name", rendering);
        Arguments others = arguments.after(1);
        return item -> IsTests.apply(name, item, others, rendering);
    }

    private static Value keep(Value input, Predicate<Value> wanted, Rendering rendering) {
        List<Value> kept = new ArrayList<>();
        for (Value item : items(input, rendering)) {
            if (wanted.test(item)) {
                kept.add(item);
            }
        }
        return Value.iterator(kept);
    }
}
