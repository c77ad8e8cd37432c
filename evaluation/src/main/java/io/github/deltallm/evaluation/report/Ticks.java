package io.github.deltallm.evaluation.report;

import java.util.ArrayList;
import java.util.List;

/**
 * The marks of an axis: round values.
 *
 * @param values in ascending order
 * @param decimals how many decimals tell them apart
 */
record Ticks(List<Double> values, int decimals) {
    Ticks {
        values = List.copyOf(values);
    }

    /**
     * Marks within a range.
     *
     * @param about how many are wanted; there may be up to twice as many, or fewer
     */
    static Ticks within(Scale.Kind kind, double from, double to, int about) {
        Scale.requireFinite(from, to);
        return switch (kind) {
            case LINEAR -> linear(from, to, about);
            case POWERS_OF_TWO -> powers(2, from, to, about);
            case POWERS_OF_TEN -> powers(10, from, to, about);
        };
    }

    /** The smallest of 1, 2 and 5 times a power of ten that cuts the range in that many or less. */
    static double step(double range, int about) {
        Scale.requireFinite(range);
        double least = range / about;
        double power = Math.pow(10, Math.floor(Math.log10(least)));
        for (int factor : new int[] {1, 2, 5}) {
            if (factor * power >= least * (1 - 1e-9)) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static Ticks linear(double from, double to, int about) {
        double step = step(to - from, about);
        int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + 1e-9));
        List<Double> values = new ArrayList<>();
        long last = (long) Math.floor(to / step + 1e-9);
        for (long i = (long) Math.ceil(from / step - 1e-9); i <= last; i++) {
            values.add(i * step);
        }
        return new Ticks(values, decimals);
    }

    private static Ticks powers(int base, double from, double to, int about) {
        double log = Math.log(base);
        int first = (int) Math.ceil(Math.log(from) / log - 1e-9);
        int last = (int) Math.floor(Math.log(to) / log + 1e-9);
        int every = Math.max(1, (last - first + about) / Math.max(1, about));
        List<Double> values = new ArrayList<>();
        for (int power = first; power <= last; power += every) {
            values.add(Math.pow(base, power));
        }
        if (values.size() < 2) {
            return linear(from, to, about);
        }
        double smallest = values.getFirst();
        return new Ticks(values, smallest >= 1 ? 0 : (int) Math.ceil(-Math.log10(smallest)));
    }
}
