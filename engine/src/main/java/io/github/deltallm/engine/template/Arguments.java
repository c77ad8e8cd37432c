package io.github.deltallm.engine.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The values of one call, as written: by position and by name. */
record Arguments(List<Value> positional, Map<String, Value> named) {
    /**
     * Matches the values to the parameters that the callee knows; too many or unknown ones are a
     * fault.
     */
    Parameters bind(String callee, String... names) {
        if (positional.size() > names.length) {
            throw Fault.failed(
                    callee
                            + " takes at most "
                            + names.length
                            + " arguments, not "
                            + positional.size());
        }
        Map<String, Value> bound = new LinkedHashMap<>();
        for (int i = 0; i < positional.size(); i++) {
            bound.put(names[i], positional.get(i));
        }
        for (Map.Entry<String, Value> entry : named.entrySet()) {
            if (!List.of(names).contains(entry.getKey())) {
                throw Fault.failed(callee + " has no argument named '" + entry.getKey() + "'");
            }
            if (bound.put(entry.getKey(), entry.getValue()) != null) {
                throw Fault.failed(callee + " got its argument '" + entry.getKey() + "' twice");
            }
        }
        return new Parameters(callee, bound);
    }

    /** Pays for looking at every text among the values once. */
    void charge(Budget budget) {
        positional.forEach(value -> charge(value, budget));
        named.values().forEach(value -> charge(value, budget));
    }

    private static void charge(Value value, Budget budget) {
        if (value instanceof Text text) {
            budget.characters(text.length());
        }
    }

    /** The arguments after the first {@code count} positional ones. */
    Arguments after(int count) {
        int from = Math.min(count, positional.size());
        return new Arguments(positional.subList(from, positional.size()), named);
    }

    Arguments with(String name, Value value) {
        Map<String, Value> more = new LinkedHashMap<>(named);
        more.put(name, value);
        return new Arguments(positional, more);
    }
}
