package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.List;

/** Python's indexes and slices: negative ones count from the end, and slices never fail. */
final class Slicing {
    private Slicing() {}

    /**
     * A position within {@code 0..size}, as the bounds of slices and of string searches are read.
     */
    static int clamp(long index, int size) {
        long position = index < 0 ? index + size : index;
        return Math.clamp(position, 0, size);
    }

    static List<Value> characters(Text text, Budget budget) {
        budget.steps(text.length());
        List<Value> characters = new ArrayList<>(text.length());
        for (int i = 0; i < text.length(); ) {
            int next = i + Character.charCount(text.chars().codePointAt(i));
            characters.add(text.slice(i, next));
            i = next;
        }
        return characters;
    }

    /** The slice of a text, list or tuple; anything else has none. */
    static Value slice(Value target, Value start, Value stop, Value step, Budget budget) {
        return switch (target) {
            case Text text -> text(text, start, stop, step, budget);
            case Value.Sequence sequence when sequence.kind().indexed() -> {
                Bounds bounds = bounds(sequence.items().size(), start, stop, step);
                yield new Value.Sequence(sequence.kind(), pick(sequence.items(), bounds, budget));
            }
            case Value.Undefined missing -> throw Fault.failed(missing.reason());
            default ->
                    throw Fault.failed("a value of type '" + target.type() + "' cannot be sliced");
        };
    }

    private static Text text(Text text, Value start, Value stop, Value step, Budget budget) {
        budget.characters(text.length());
        Bounds bounds = bounds(text.codePoints(), start, stop, step);
        if (bounds.step == 1) {
            int count = Math.max(0, bounds.count());
            int from = text.offset(count == 0 ? 0 : bounds.start);
            return text.slice(from, text.chars().offsetByCodePoints(from, count));
        }
        TextBuilder picked = new TextBuilder(budget);
        for (Value character : pick(characters(text, budget), bounds, budget)) {
            picked.append((Text) character);
        }
        return picked.build();
    }

    private static List<Value> pick(List<Value> items, Bounds bounds, Budget budget) {
        int count = bounds.count();
        budget.steps(count);
        if (bounds.step == 1 && count > 0) {
            return items.subList(bounds.start, bounds.start + count);
        }
        List<Value> picked = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            picked.add(items.get((int) (bounds.start + i * bounds.step)));
        }
        return List.copyOf(picked);
    }

    private record Bounds(int start, int stop, long step) {
        int count() {
            long span = step > 0 ? (long) stop - start : (long) start - stop;
            return span <= 0 ? 0 : (int) ((span - 1) / Math.abs(step) + 1);
        }
    }

    private static Bounds bounds(int size, Value start, Value stop, Value step) {
        long stride = Math.max(integer(step, 1), -Long.MAX_VALUE);
        if (stride == 0) {
            throw Fault.failed("the step of a slice cannot be zero");
        }
        int lowest = stride > 0 ? 0 : -1;
        int highest = stride > 0 ? size : size - 1;
        int first = bound(start, size, lowest, highest, stride > 0 ? lowest : highest);
        int last = bound(stop, size, lowest, highest, stride > 0 ? highest : lowest);
        return new Bounds(first, last, stride);
    }

    private static int bound(Value value, int size, int lowest, int highest, int fallback) {
        if (value instanceof Value.None) {
            return fallback;
        }
        long index = integer(value, 0);
        return Math.clamp(index < 0 ? index + size : index, lowest, Math.max(lowest, highest));
    }

    private static long integer(Value value, long fallback) {
        return switch (value) {
            case Value.None none -> fallback;
            case Value.Int number -> number.value();
            case Value.Bool bool -> bool.value() ? 1 : 0;
            case Value.Undefined missing -> throw Fault.failed(missing.reason());
            default ->
                    throw Fault.failed(
                            "the bounds of a slice are integers, not '" + value.type() + "'");
        };
    }
}
