package io.github.deltallm.evaluation.report;

import java.util.Collection;

/**
 * What one direction of a plot means.
 *
 * @param title what is measured, with its unit
 * @param kind even steps or even ratios
 * @param from the smallest value shown
 * @param to the largest
 * @param unit what stands behind the numbers at the marks; may be empty
 */
record Axis(String title, Scale.Kind kind, double from, double to, String unit) {
    static final String PERCENT = "\u202f%";

    private static final int MARKS = 5;

    Axis {
        new Scale(kind, from, to, 0, 1);
    }

    /**
     * An axis with even steps that shows all of these values and ends at round numbers. One value
     * has some room on both sides; without any the axis goes from 0 to 1.
     */
    static Axis linear(String title, String unit, Collection<Double> values) {
        if (values.isEmpty()) {
            return new Axis(title, Scale.Kind.LINEAR, 0, 1, unit);
        }
        double low = least(values);
        double high = most(values);
        if (low == high) {
            double room = low == 0 ? 1 : Math.abs(low) * 0.1;
            low -= room;
            high += room;
        }
        double step = Ticks.step(high - low, MARKS);
        return new Axis(
                title,
                Scale.Kind.LINEAR,
                Math.floor(low / step + 1e-9) * step,
                Math.ceil(high / step - 1e-9) * step,
                unit);
    }

    /** An axis with even ratios that shows all of these values, which are positive. */
    static Axis logarithmic(String title, Scale.Kind kind, Collection<Double> values) {
        if (values.isEmpty()) {
            return new Axis(title, kind, 1, kind == Scale.Kind.POWERS_OF_TWO ? 2 : 10, "");
        }
        double room = least(values) == most(values) ? 1.5 : 1.12;
        return new Axis(title, kind, least(values) / room, most(values) * room, "");
    }

    /** The same axis within limits that its values can't exceed, such as 0 and 100 percent. */
    Axis within(double least, double most) {
        return new Axis(title, kind, Math.max(from, least), Math.min(to, most), unit);
    }

    Scale scale(double start, double end) {
        return new Scale(kind, from, to, start, end);
    }

    Ticks ticks(int about) {
        return Ticks.within(kind, from, to, about);
    }

    /** What stands at a mark. */
    String label(double value, Ticks ticks) {
        return kind.logarithmic()
                ? Numbers.brief(value) + unit
                : Numbers.fixed(value, ticks.decimals()) + unit;
    }

    private static double least(Collection<Double> values) {
        return values.stream().mapToDouble(Axis::finite).min().orElseThrow();
    }

    private static double most(Collection<Double> values) {
        return values.stream().mapToDouble(Axis::finite).max().orElseThrow();
    }

    private static double finite(double value) {
        Scale.requireFinite(value);
        return value;
    }
}
