package io.github.deltallm.conformance.tests;

import java.util.Arrays;

/** What a computation should give, with a bound on the rounding error of each value. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Expected(double[] values, double[] bounds) {
    Expected(int size) {
        this(new double[size], new double[size]);
    }

    void set(int i, double value, double bound) {
        values[i] = value;
        bounds[i] = bound;
    }

    /** The first {@code size} values. */
    Expected first(int size) {
        return range(0, size);
    }

    /** The last {@code size} values. */
    Expected last(int size) {
        return range(values.length - size, values.length);
    }

    /** The values {@code [from, to)}. */
    Expected range(int from, int to) {
        return new Expected(
                Arrays.copyOfRange(values, from, to), Arrays.copyOfRange(bounds, from, to));
    }

    /** Values that are the same but for rounding: the bounds of both add up. */
    Expected doubledBounds() {
        return new Expected(values, Arrays.stream(bounds).map(bound -> 2 * bound).toArray());
    }

    /** Fails where {@code actual} is further off than the bound. */
    void check(String what, int width, float[] actual) {
        new Comparison(what, width).check(actual, values, bounds);
    }
}
