package io.github.deltallm.evaluation.report;

/**
 * Where on a line a value lies.
 *
 * @param kind even steps or even ratios
 * @param from the value at the line's start
 * @param to the value at its end, larger
 * @param start where the line starts, in pixels
 * @param end where it ends; smaller than the start where values grow upwards
 */
record Scale(Kind kind, double from, double to, double start, double end) {
    /** What the same distance means everywhere on the line. */
    enum Kind {
        /** The same difference. */
        LINEAR,
        /** The same ratio; marks at powers of two. */
        POWERS_OF_TWO,
        /** The same ratio; marks at powers of ten. */
        POWERS_OF_TEN;

        boolean logarithmic() {
            return this != LINEAR;
        }
    }

    Scale {
        requireFinite(from, to, start, end);
        if (!(from < to)) {
            throw new IllegalArgumentException("a scale from " + from + " to " + to + " is empty");
        }
        if (kind.logarithmic() && from <= 0) {
            throw new IllegalArgumentException("a logarithmic scale can't start at " + from);
        }
    }

    /** The place of a value, also outside of the line. */
    double at(double value) {
        requireFinite(value);
        if (kind.logarithmic() && value <= 0) {
            throw new IllegalArgumentException(value + " has no place on a logarithmic scale");
        }
        double share =
                kind.logarithmic()
                        ? Math.log(value / from) / Math.log(to / from)
                        : (value - from) / (to - from);
        return start + share * (end - start);
    }

    /** The place of a value; the nearest end for one outside of the line. */
    double clamped(double value) {
        return at(Math.clamp(value, from, to));
    }

    boolean contains(double value) {
        return value >= from && value <= to;
    }

    static void requireFinite(double... values) {
        for (double value : values) {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException(value + " has no place in a picture");
            }
        }
    }
}
