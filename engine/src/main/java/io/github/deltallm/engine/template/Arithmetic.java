package io.github.deltallm.engine.template;

import io.github.deltallm.engine.template.Expression.Operator;

import java.util.ArrayList;
import java.util.List;

/** Python's operators. Integers have 64 bits, and one that needs more is a fault. */
final class Arithmetic {
    private final Rendering rendering;

    Arithmetic(Rendering rendering) {
        this.rendering = rendering;
    }

    Value apply(Operator operator, Value left, Value right) {
        requireDefined(left);
        if (operator == Operator.REMAINDER && left instanceof Text format) {
            return PercentFormat.format(format, right, rendering);
        }
        requireDefined(right);
        if (isNumber(left) && isNumber(right)) {
            return left instanceof Value.Real
                            || right instanceof Value.Real
                            || operator == Operator.DIVIDE
                    ? reals(operator, real(left), real(right))
                    : integers(operator, integer(left), integer(right));
        }
        return switch (operator) {
            case ADD -> join(left, right);
            case MULTIPLY -> repeat(left, right);
            default -> throw unsupported(operator, left, right);
        };
    }

    private static Fault unsupported(Operator operator, Value left, Value right) {
        return Fault.failed(
                "'"
                        + operator.sign()
                        + "' does not work for '"
                        + left.type()
                        + "' and '"
                        + right.type()
                        + "'");
    }

    private Value join(Value left, Value right) {
        if (left instanceof Text a && right instanceof Text b) {
            return rendering.builder().append(a).append(b).build();
        }
        if (left instanceof Value.Sequence a
                && right instanceof Value.Sequence b
                && a.kind() == b.kind()
                && a.kind().indexed()) {
            rendering.budget().steps((long) a.items().size() + b.items().size());
            List<Value> items = new ArrayList<>(a.items());
            items.addAll(b.items());
            return new Value.Sequence(a.kind(), List.copyOf(items));
        }
        throw unsupported(Operator.ADD, left, right);
    }

    private Value repeat(Value left, Value right) {
        if (isNumber(left) && !(left instanceof Value.Real)) {
            return repeat(right, integer(left), left, right);
        }
        if (isNumber(right) && !(right instanceof Value.Real)) {
            return repeat(left, integer(right), left, right);
        }
        throw unsupported(Operator.MULTIPLY, left, right);
    }

    private Value repeat(Value value, long times, Value left, Value right) {
        return switch (value) {
            case Text text -> TextLayout.repeat(text, times, rendering);
            case Value.Sequence sequence when sequence.kind().indexed() -> {
                List<Value> items = new ArrayList<>();
                for (long i = 0; i < times && !sequence.items().isEmpty(); i++) {
                    rendering.budget().steps(sequence.items().size());
                    items.addAll(sequence.items());
                }
                yield new Value.Sequence(sequence.kind(), List.copyOf(items));
            }
            default -> throw unsupported(Operator.MULTIPLY, left, right);
        };
    }

    private static Value integers(Operator operator, long left, long right) {
        if (right == 0 && (operator == Operator.FLOOR_DIVIDE || operator == Operator.REMAINDER)) {
            throw Fault.failed("division by zero");
        }
        try {
            return switch (operator) {
                case ADD -> Value.of(Math.addExact(left, right));
                case SUBTRACT -> Value.of(Math.subtractExact(left, right));
                case MULTIPLY -> Value.of(Math.multiplyExact(left, right));
                case FLOOR_DIVIDE -> Value.of(Math.floorDivExact(left, right));
                case REMAINDER -> Value.of(Math.floorMod(left, right));
                case POWER ->
                        right < 0
                                ? reals(operator, (double) left, (double) right)
                                : Value.of(power(left, right));
                case DIVIDE -> reals(operator, (double) left, (double) right);
            };
        } catch (ArithmeticException e) {
            throw Fault.failed("the result of '" + operator.sign() + "' does not fit in 64 bits");
        }
    }

    private static long power(long base, long exponent) {
        long result = 1;
        long square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                result = Math.multiplyExact(result, square);
            }
            if (left > 1) {
                square = Math.multiplyExact(square, square);
            }
        }
        return result;
    }

    private static Value reals(Operator operator, double left, double right) {
        boolean divides =
                operator == Operator.DIVIDE
                        || operator == Operator.FLOOR_DIVIDE
                        || operator == Operator.REMAINDER;
        boolean inverts = operator == Operator.POWER && left == 0 && right < 0;
        if (inverts || (divides && right == 0)) {
            throw Fault.failed("division by zero");
        }
        if (operator == Operator.POWER && left < 0 && right != Math.rint(right)) {
            throw Fault.failed("a fractional power of a negative number is not real");
        }
        return Value.of(
                switch (operator) {
                    case ADD -> left + right;
                    case SUBTRACT -> left - right;
                    case MULTIPLY -> left * right;
                    case DIVIDE -> left / right;
                    case FLOOR_DIVIDE -> Math.rint((left - remainder(left, right)) / right);
                    case REMAINDER -> remainder(left, right);
                    case POWER -> Math.pow(left, right);
                });
    }

    /** Takes the sign of the divisor. */
    private static double remainder(double left, double right) {
        double remainder = left % right;
        return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder;
    }

    Value signed(boolean negative, Value value) {
        requireDefined(value);
        if (!isNumber(value)) {
            throw Fault.failed("a value of type '" + value.type() + "' has no sign");
        }
        if (value instanceof Value.Real real) {
            return negative ? Value.of(-real.value()) : real;
        }
        return negative ? integers(Operator.SUBTRACT, 0, integer(value)) : Value.of(integer(value));
    }

    static boolean isNumber(Value value) {
        return value instanceof Value.Int
                || value instanceof Value.Real
                || value instanceof Value.Bool;
    }

    /** Of an int or a bool. */
    static long integer(Value value) {
        return switch (value) {
            case Value.Int number -> number.value();
            case Value.Bool bool -> bool.value() ? 1 : 0;
            default -> throw Fault.failed("expected an integer, not '" + value.type() + "'");
        };
    }

    /** Of any number. */
    static double real(Value value) {
        return value instanceof Value.Real real ? real.value() : integer(value);
    }

    static void requireDefined(Value value) {
        if (value instanceof Value.Undefined missing) {
            throw Fault.failed(missing.reason());
        }
    }
}
