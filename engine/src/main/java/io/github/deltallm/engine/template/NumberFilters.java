package io.github.deltallm.engine.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;

/** Filters that make a number. */
final class NumberFilters {
    static final Map<String, Filter> ALL =
            Map.of(
                    "int", NumberFilters::toInteger,
                    "float", NumberFilters::toReal,
                    "round", NumberFilters::round,
                    "abs", NumberFilters::abs);

    private NumberFilters() {}

    private static Value toInteger(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("int", "default", "base");
        Arithmetic.requireDefined(input);
        Value fallback = parameters.or("default", Value.of(0));
        return switch (input) {
            case Value.Int number -> number;
            case Value.Bool bool -> Value.of(Arithmetic.integer(bool));
            case Value.Real real -> truncate(real.value()).orElse(fallback);
            case Text text -> {
                Optional<Long> parsed =
                        NumberParser.integer(text.chars(), (int) parameters.integer("base", 10));
                yield parsed.isPresent()
                        ? Value.of(parsed.get())
                        : NumberParser.real(text.chars())
                                .filter(Double::isFinite)
                                .flatMap(NumberFilters::truncate)
                                .orElse(fallback);
            }
            default -> fallback;
        };
    }

    /** Empty for what is not a number at all. */
    private static Optional<Value> truncate(double value) {
        if (Double.isNaN(value)) {
            return Optional.empty();
        }
        if (Math.abs(value) >= 0x1p63) {
            throw Fault.failed(
                    RealFormat.shortest(value) + " does not fit in an integer of 64 bits");
        }
        return Optional.of(Value.of((long) value));
    }

    private static Value toReal(Value input, Arguments arguments, Rendering rendering) {
        Value fallback = arguments.bind("float", "default").or("default", Value.of(0.0));
        Arithmetic.requireDefined(input);
        if (input instanceof Text text) {
            return NumberParser.real(text.chars()).<Value>map(Value::of).orElse(fallback);
        }
        return Arithmetic.isNumber(input) ? Value.of(Arithmetic.real(input)) : fallback;
    }

    private static Value round(Value input, Arguments arguments, Rendering rendering) {
        Parameters parameters = arguments.bind("round", "precision", "method");
        int precision = Math.clamp(parameters.integer("precision", 0), -400, 400);
        String method = rendering.text(parameters.or("method", Text.untrusted("common"))).chars();
        if (!Arithmetic.isNumber(input)) {
            Arithmetic.requireDefined(input);
            throw Fault.failed("only a number can be rounded, not '" + input.type() + "'");
        }
        RoundingMode mode =
                switch (method) {
                    case "common" -> RoundingMode.HALF_EVEN;
                    case "ceil" -> RoundingMode.CEILING;
                    case "floor" -> RoundingMode.FLOOR;
                    default ->
                            throw Fault.failed(
                                    "round knows common, ceil and floor, not '" + method + "'");
                };
        return mode == RoundingMode.HALF_EVEN
                ? common(input, precision)
                : directed(input, precision, mode);
    }

    private static Value common(Value input, int precision) {
        if (!(input instanceof Value.Real real)) {
            long number = Arithmetic.integer(input);
            BigDecimal rounded =
                    BigDecimal.valueOf(number)
                            .setScale(Math.min(precision, 0), RoundingMode.HALF_EVEN);
            return Value.of(rounded.longValue());
        }
        if (!Double.isFinite(real.value())) {
            return real;
        }
        double rounded =
                new BigDecimal(real.value())
                        .setScale(precision, RoundingMode.HALF_EVEN)
                        .doubleValue();
        return Value.of(Math.copySign(rounded, real.value()));
    }

    /** Scales, rounds and scales back in floating point, as Jinja2 does. */
    private static Value directed(Value input, int precision, RoundingMode mode) {
        double scale = Math.pow(10, precision);
        double scaled = Arithmetic.real(input) * scale;
        return Value.of(
                (mode == RoundingMode.CEILING ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
    }

    private static Value abs(Value input, Arguments arguments, Rendering rendering) {
        boolean negative = Arithmetic.isNumber(input) && Arithmetic.real(input) < 0;
        return rendering.arithmetic().signed(negative, input);
    }
}
