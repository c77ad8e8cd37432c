package io.github.deltallm.engine.template;

import java.util.List;
import java.util.Optional;

/** The variable {@code loop} of a running loop. */
final class Loop implements Value {
    private final List<Value> items;
    private final int depth;
    private final Optional<Callable.Body> recursion;
    private final Rendering rendering;
    private int index = -1;
    private Value lastSeen = new Undefined("'loop.changed' has seen no value yet");

    /**
     * @param depth from 0, one more inside every recursive call of the loop
     * @param recursion what a call of the loop does, if it is marked as recursive
     */
    Loop(List<Value> items, int depth, Optional<Callable.Body> recursion, Rendering rendering) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
        this.rendering = rendering;
    }

    void advance() {
        index++;
    }

    int size() {
        return items.size();
    }

    Value call(Arguments arguments) {
        return recursion
                .orElseThrow(() -> Fault.failed("only a loop marked 'recursive' can be called"))
                .call(arguments);
    }

    Optional<Value> attribute(String name) {
        return Optional.ofNullable(
                switch (name) {
                    case "index" -> Value.of(index + 1);
                    case "index0" -> Value.of(index);
                    case "revindex" -> Value.of(items.size() - index);
                    case "revindex0" -> Value.of(items.size() - index - 1);
                    case "first" -> Value.of(index == 0);
                    case "last" -> Value.of(index == items.size() - 1);
                    case "length" -> Value.of(items.size());
                    case "depth" -> Value.of(depth + 1);
                    case "depth0" -> Value.of(depth);
                    case "previtem" -> neighbour(index - 1);
                    case "nextitem" -> neighbour(index + 1);
                    case "cycle" -> new Callable(name, this::cycle);
                    case "changed" -> new Callable(name, this::changed);
                    default -> null;
                });
    }

    private Value neighbour(int position) {
        return position >= 0 && position < items.size()
                ? items.get(position)
                : new Undefined(
                        "there is no item before the first or after the last one of a loop");
    }

    private Value cycle(Arguments arguments) {
        List<Value> values = arguments.positional();
        if (values.isEmpty()) {
            throw Fault.failed("loop.cycle needs something to cycle through");
        }
        return values.get(index % values.size());
    }

    private Value changed(Arguments arguments) {
        Value seen = Value.tuple(arguments.positional());
        boolean changed = !rendering.comparison().equal(seen, lastSeen);
        lastSeen = seen;
        return Value.of(changed);
    }

    @Override
    public boolean truth() {
        return true;
    }

    @Override
    public String type() {
        return "LoopContext";
    }
}
