package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.Operator;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Filters over everything that can be looped over. */
final class SequenceFilters {
    static final Map<String, Filter> ALL =
            Map.ofEntries(
                    Map.entry("length", (input, arguments, r) -> length(input)),
                    Map.entry("count", (input, arguments, r) -> length(input)),
                    Map.entry("list", (input, arguments, r) -> Value.list(r.iterate(input))),
                    Map.entry("first", (input, arguments, r) -> end(r.iterate(input), true)),
                    Map.entry("last", (input, arguments, r) -> end(r.iterate(input), false)),
                    Map.entry("reverse", SequenceFilters::reverse),
                    Map.entry("join", SequenceFilters::join),
                    Map.entry("sort", SequenceFilters::sort),
                    Map.entry("unique", SequenceFilters::unique),
                    Map.entry("min", (input, arguments, r) -> extreme(input, arguments, r, "min")),
                    Map.entry("max", (input, arguments, r) -> extreme(input, arguments, r, "max")),
                    Map.entry("sum", SequenceFilters::sum),
                    Map.entry("batch", SequenceFilters::batch));

    private SequenceFilters() {}

    private static Value length(Value input) {
        return Value.of(
                switch (input) {
                    case Text text -> text.codePoints();
                    case Mapping mapping -> mapping.size();
                    case Value.Sequence sequence when sequence.kind() != Value.Kind.ITERATOR ->
                            sequence.items().size();
                    case Value.Undefined missing -> 0;
                    case Loop loop -> loop.size();
                    default ->
                            throw Fault.failed(
                                    "a value of type '" + input.type() + "' has no length");
                });
    }

    private static Value end(List<Value> items, boolean first) {
        if (items.isEmpty()) {
            return new Value.Undefined("the sequence is empty, so it has no first or last item");
        }
        return first ? items.getFirst() : items.getLast();
    }

    private static Value reverse(Value input, Arguments arguments, Rendering rendering) {
        List<Value> reversed = rendering.iterate(input).reversed();
        if (!(input instanceof Text)) {
            return Value.iterator(reversed);
        }
        List<Text> characters = reversed.stream().map(Text.class::cast).toList();
        return TextLayout.join(Text.EMPTY, characters, rendering);
    }

    private static Value join(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("join", "d", "attribute");
        Text separator = rendering.text(parameters.or("d", Text.EMPTY));
        List<Text> parts = new ArrayList<>();
        for (Value item : rendering.iterate(input)) {
            parts.add(rendering.text(key(item, path(parameters), true, rendering)));
        }
        return TextLayout.join(separator, parts, rendering);
    }

    private static Optional<Value> path(Parameters parameters) {
        return parameters.optional("attribute").filter(path -> !(path instanceof Value.None));
    }

    /**
     * What a filter looks at: the item or one of its attributes, without case unless told
     * otherwise.
     */
    private static Value key(
            Value item, Optional<Value> path, boolean caseSensitive, Rendering rendering) {
        Value key =
                path.isPresent()
                        ? rendering.access().path(item, path.get(), Optional.empty())
                        : item;
        return caseSensitive ? key : withoutCase(key, rendering);
    }

    static Value withoutCase(Value value, Rendering rendering) {
        return value instanceof Text text ? TextCase.lower(text, rendering) : value;
    }

    private record Keyed(Value key, Value item) {}

    private static List<Keyed> keyed(
            List<Value> items, Optional<Value> path, Parameters parameters, Rendering rendering) {
        boolean caseSensitive = parameters.truth("case_sensitive", false);
        List<Keyed> keyed = new ArrayList<>(items.size());
        for (Value item : items) {
            keyed.add(new Keyed(key(item, path, caseSensitive, rendering), item));
        }
        return keyed;
    }

    /**
     * By several attributes, one after the other from the last: sorting is stable, so the first one
     * decides.
     */
    private static Value sort(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
        Comparator<Keyed> ascending = (a, b) -> rendering.comparison().order(a.key, b.key);
        Comparator<Keyed> order =
                parameters.truth("reverse", false) ? ascending.reversed() : ascending;
        List<Value> items = rendering.iterate(input);
        for (Optional<Value> path : paths(parameters).reversed()) {
            rendering.budget().steps(items.size());
            List<Keyed> keyed = keyed(items, path, parameters, rendering);
            keyed.sort(order);
            items = keyed.stream().map(Keyed::item).toList();
        }
        return Value.list(items);
    }

    private static List<Optional<Value>> paths(Parameters parameters) {
        Optional<Value> path = path(parameters);
        if (path.isEmpty() || !(path.get() instanceof Text text)) {
            return List.of(path);
        }
        return TextSplit.split(text, Optional.of(Text.untrusted(",")), -1).stream()
                .map(part -> Optional.<Value>of(part))
                .toList();
    }

    private static Value unique(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("unique", "case_sensitive", "attribute");
        Mapping.Builder first = new Mapping.Builder();
        List<Value> unique = new ArrayList<>();
        for (Keyed keyed :
                keyed(rendering.iterate(input), path(parameters), parameters, rendering)) {
            if (first.putIfNew(keyed.key, keyed.item)) {
                unique.add(keyed.item);
            }
        }
        return Value.iterator(unique);
    }

    private static Value extreme(
            Value input, Arguments arguments, Rendering rendering, String name) {
        Parameters parameters = arguments.bind(name, "case_sensitive", "attribute");
        List<Keyed> keyed =
                keyed(rendering.iterate(input), path(parameters), parameters, rendering);
        if (keyed.isEmpty()) {
            return new Value.Undefined("the sequence is empty, so it has no " + name);
        }
        Keyed best = keyed.getFirst();
        for (Keyed candidate : keyed.subList(1, keyed.size())) {
            Keyed smaller = name.equals("min") ? candidate : best;
            Keyed larger = name.equals("min") ? best : candidate;
            if (rendering.comparison().less(smaller.key, larger.key)) {
                best = candidate;
            }
        }
        return best.item;
    }

    private static Value sum(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("sum", "attribute", "start");
        Value sum = parameters.or("start", Value.of(0));
        for (Value item : rendering.iterate(input)) {
            Value term = key(item, path(parameters), true, rendering);
            sum = rendering.arithmetic().apply(Operator.ADD, sum, term);
        }
        return sum;
    }

    private static Value batch(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("batch", "linecount", "fill_with");
        parameters.required("linecount");
        int size = Math.clamp(parameters.integer("linecount", 1), 1, Integer.MAX_VALUE);
        Value fill = parameters.or("fill_with", Value.NONE);
        List<Value> items = rendering.iterate(input);
        List<Value> batches = new ArrayList<>();
        for (int from = 0; from < items.size(); from += Math.min(size, items.size())) {
            List<Value> batch =
                    new ArrayList<>(
                            items.subList(
                                    from,
                                    Math.min(items.size(), from + Math.min(size, items.size()))));
            while (!(fill instanceof Value.None) && batch.size() < size) {
                rendering.budget().step();
                batch.add(fill);
            }
            batches.add(Value.list(batch));
        }
        return Value.iterator(batches);
    }
}
