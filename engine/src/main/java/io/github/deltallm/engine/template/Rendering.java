package io.github.deltallm.engine.template;

import java.time.Clock;
import java.util.List;

/**
 * What one rendering shares: its budget, its clock, and the operations on values that pay from that
 * budget.
 */
final class Rendering {
    private final Budget budget = new Budget();
    private final Clock clock;
    private final Printer printer = new Printer(budget);
    private final Comparison comparison = new Comparison(budget);
    private final Arithmetic arithmetic = new Arithmetic(this);
    private final Access access = new Access(this);

    Rendering(Clock clock) {
        this.clock = clock;
    }

    Budget budget() {
        return budget;
    }

    Clock clock() {
        return clock;
    }

    Comparison comparison() {
        return comparison;
    }

    Arithmetic arithmetic() {
        return arithmetic;
    }

    Access access() {
        return access;
    }

    Printer printer() {
        return printer;
    }

    /** Python's {@code str()}: what printing the value writes. */
    Text text(Value value) {
        return printer.text(value);
    }

    TextBuilder builder() {
        return new TextBuilder(budget);
    }

    /** What a loop over the value sees. */
    List<Value> iterate(Value value) {
        List<Value> items =
                switch (value) {
                    case Value.Sequence sequence -> sequence.items();
                    case Mapping mapping -> mapping.keys().items();
                    case Text text -> Slicing.characters(text, budget);
                    case Value.Undefined missing -> List.of();
                    default ->
                            throw Fault.failed(
                                    "a value of type '" + value.type() + "' cannot be looped over");
                };
        budget.steps(items.size());
        return items;
    }
}
