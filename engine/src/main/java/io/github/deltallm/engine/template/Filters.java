package io.github.deltallm.engine.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds filters by name. */
final class Filters {
    private static final Map<String, Filter> ALL = all();

    private Filters() {}

    private static Map<String, Filter> all() {
        Map<String, Filter> all = new HashMap<>();
        List.of(
                        TextFilters.ALL,
                        NumberFilters.ALL,
                        SequenceFilters.ALL,
                        SelectionFilters.ALL,
                        MappingFilters.ALL)
                .forEach(all::putAll);
        return Map.copyOf(all);
    }

    static boolean exists(String name) {
        return ALL.containsKey(name);
    }

    /**
     * A filter that is not known is a fault only where it is used, so that a template may have one
     * in a dead branch.
     */
    static Value apply(String name, Value input, Arguments arguments, Rendering rendering) {
        Filter filter = ALL.get(name);
        if (filter == null) {
            throw Fault.failed("there is no filter named '" + name + "'");
        }
        rendering.budget().step();
        if (input instanceof Text text) {
            rendering.budget().characters(text.length());
        }
        arguments.charge(rendering.budget());
        return filter.apply(input, arguments, rendering);
    }
}
