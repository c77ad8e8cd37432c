package io.github.deltallm.engine.template;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/** Equality, order and membership as Python has them. */
final class Comparison {
    private final Budget budget;

    Comparison(Budget budget) {
        this.budget = budget;
    }

    boolean equal(Value a, Value b) {
        budget.enterValue();
        boolean equal = equalParts(a, b);
        budget.leaveValue();
        return equal;
    }

    private boolean equalParts(Value a, Value b) {
        if (Arithmetic.isNumber(a) && Arithmetic.isNumber(b)) {
            return !isNan(a) && !isNan(b) && compareNumbers(a, b) == 0;
        }
        return switch (a) {
            case Text text -> {
                budget.characters(text.length());
                yield text.equals(b);
            }
            case Value.None none -> b instanceof Value.None;
            case Value.Undefined missing -> b instanceof Value.Undefined;
            case Value.Sequence left ->
                    b instanceof Value.Sequence right
                            && left.kind() == right.kind()
                            && equalItems(left.items(), right.items());
            case Mapping left -> b instanceof Mapping right && equalMappings(left, right);
            default -> a.equals(b); // macros and namespaces, which equal only themselves
        };
    }

    private boolean equalItems(List<Value> left, List<Value> right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!equal(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    private boolean equalMappings(Mapping left, Mapping right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (Mapping.Entry entry : left.entries()) {
            Optional<Value> other = right.get(entry.key());
            if (other.isEmpty() || !equal(entry.value(), other.get())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether {@code a} is less than {@code b}; a NaN is less than nothing, nor is anything less
     * than it.
     */
    boolean less(Value a, Value b) {
        return order(a, b) < 0 && !isNan(a) && !isNan(b);
    }

    /**
     * A total order within numbers, texts, lists and tuples; between different kinds it is a fault.
     */
    int order(Value a, Value b) {
        budget.enterValue();
        int order = orderParts(a, b);
        budget.leaveValue();
        return order;
    }

    private int orderParts(Value a, Value b) {
        if (Arithmetic.isNumber(a) && Arithmetic.isNumber(b)) {
            return compareNumbers(a, b);
        }
        if (a instanceof Text left && b instanceof Text right) {
            budget.characters(left.length());
            return compareCodePoints(left.chars(), right.chars());
        }
        if (a instanceof Value.Sequence left
                && b instanceof Value.Sequence right
                && left.kind() == right.kind()
                && left.kind().indexed()) {
            return orderItems(left.items(), right.items());
        }
        Arithmetic.requireDefined(a);
        Arithmetic.requireDefined(b);
        throw Fault.failed(
                "values of type '" + a.type() + "' and '" + b.type() + "' have no order");
    }

    private int orderItems(List<Value> left, List<Value> right) {
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            if (!equal(left.get(i), right.get(i))) {
                return order(left.get(i), right.get(i));
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    /** UTF-16 order would put the supplementary planes before the end of the basic one. */
    private static int compareCodePoints(String left, String right) {
        int i = 0;
        while (i < left.length() && i < right.length() && left.charAt(i) == right.charAt(i)) {
            i++;
        }
        if (i == left.length() || i == right.length()) {
            return Integer.compare(left.length(), right.length());
        }
        boolean supplementary =
                Character.isSurrogate(left.charAt(i)) != Character.isSurrogate(right.charAt(i));
        int order = Character.compare(left.charAt(i), right.charAt(i));
        return supplementary ? (Character.isSurrogate(left.charAt(i)) ? 1 : -1) : order;
    }

    boolean contains(Value container, Value item) {
        return switch (container) {
            case Text text -> {
                if (!(item instanceof Text part)) {
                    throw Fault.failed(
                            "only a string can be looked for in a string, not '"
                                    + item.type()
                                    + "'");
                }
                budget.characters((long) text.length() + part.length());
                yield Search.first(text.chars(), part.chars(), 0) >= 0;
            }
            case Mapping mapping -> mapping.get(item).isPresent();
            case Value.Sequence sequence -> containsItem(sequence.items(), item);
            case Value.Undefined missing -> false;
            default ->
                    throw Fault.failed(
                            "nothing can be looked for in a value of type '"
                                    + container.type()
                                    + "'");
        };
    }

    private boolean containsItem(List<Value> items, Value item) {
        for (Value candidate : items) {
            if (equal(candidate, item)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNan(Value value) {
        return value instanceof Value.Real real && Double.isNaN(real.value());
    }

    /**
     * Exact also where a long has no double of its own; a NaN comes last, so that sorting has a
     * total order.
     */
    private static int compareNumbers(Value a, Value b) {
        if (!(a instanceof Value.Real) && !(b instanceof Value.Real)) {
            return Long.compare(Arithmetic.integer(a), Arithmetic.integer(b));
        }
        double left = Arithmetic.real(a);
        double right = Arithmetic.real(b);
        if (!Double.isFinite(left) || !Double.isFinite(right)) {
            return Double.compare(left, right);
        }
        return exact(a).compareTo(exact(b));
    }

    private static BigDecimal exact(Value value) {
        return value instanceof Value.Real real
                ? new BigDecimal(real.value())
                : BigDecimal.valueOf(Arithmetic.integer(value));
    }
}
