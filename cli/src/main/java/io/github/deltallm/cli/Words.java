package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.calibration.WindowSize;
import io.github.deltallm.evaluation.TaskKind;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads options whose values are words. */
final class Words {
    private Words() {}

    static final class Format implements ITypeConverter<OutputFormat> {
        @Override
        public OutputFormat convert(String value) {
            return oneOf(
                    OutputFormat.values(), value, format -> format.name().toLowerCase(Locale.ROOT));
        }
    }

    static final class Exactness implements ITypeConverter<Precision> {
        @Override
        public Precision convert(String value) {
            return oneOf(Precision.values(), value, Precision::label);
        }
    }

    static final class Statistics implements ITypeConverter<StatsChoice.Detail> {
        @Override
        public StatsChoice.Detail convert(String value) {
            return oneOf(
                    StatsChoice.Detail.values(),
                    value,
                    detail -> detail.name().toLowerCase(Locale.ROOT));
        }
    }

    static final class Attention implements ITypeConverter<AttentionSpec> {
        @Override
        public AttentionSpec convert(String value) {
            try {
                return AttentionSpec.parse(value);
            } catch (InvalidOptionException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** {@code 0.5%} as 0.005. */
    static final class Percentage implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            if (value.endsWith("%")) {
                try {
                    return Double.parseDouble(value.substring(0, value.length() - 1)) / 100;
                } catch (NumberFormatException e) {
                    // told below
                }
            }
            throw new TypeConversionException("'" + value + "' is not a percentage, such as 0.5%");
        }
    }

    static final class Task implements ITypeConverter<TaskKind> {
        @Override
        public TaskKind convert(String value) {
            try {
                return TaskKind.named(value);
            } catch (InvalidOptionException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    static final class Window implements ITypeConverter<WindowSize> {
        @Override
        public WindowSize convert(String value) {
            try {
                return WindowSize.parse(value);
            } catch (InvalidOptionException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** A ternary tensor type, in letters of either case. */
    static final class Ternary implements ITypeConverter<TensorType> {
        @Override
        public TensorType convert(String value) {
            return oneOf(
                    Arrays.stream(TensorType.values())
                            .filter(TensorType::ternary)
                            .toArray(TensorType[]::new),
                    value.toUpperCase(Locale.ROOT),
                    TensorType::name);
        }
    }

    private static <T> T oneOf(T[] choices, String value, Function<T, String> word) {
        return Arrays.stream(choices)
                .filter(choice -> word.apply(choice).equals(value))
                .findFirst()
                .orElseThrow(() ->
                        new TypeConversionException(
                                "'"
                                        + value
                                        + "' is not one of "
                                        + Arrays.stream(choices)
                                                .map(word)
                                                .collect(Collectors.joining(", "))));
    }
}
