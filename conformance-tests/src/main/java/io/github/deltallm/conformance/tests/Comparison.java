package io.github.deltallm.conformance.tests;

import org.junit.jupiter.api.Assertions;

import java.util.Locale;

/** Compares results with what is expected of them, within a bound for each; NaN fails first. */
final class Comparison {
    private final String what;
    private final int width;

    /**
     * @param what is compared, for messages
     * @param width values a row, for messages
     */
    Comparison(String what, int width) {
        this.what = what;
        this.width = width;
    }

    /** Every value is within its bound. */
    void check(float[] actual, double[] expected, double[] bound) {
        Assertions.assertEquals(expected.length, actual.length, () -> what + ": number of values");
        for (int i = 0; i < actual.length; i++) {
            if (Float.isNaN(actual[i]) && !Double.isNaN(expected[i])) {
                fail(i, "NaN where " + expected[i] + " is expected");
            }
        }
        int worst = -1;
        double most = 1;
        for (int i = 0; i < actual.length; i++) {
            if (Double.isNaN(expected[i])) {
                if (!Float.isNaN(actual[i])) {
                    fail(i, actual[i] + " hides the NaN that is expected");
                }
                continue;
            }
            double excess = Math.abs(actual[i] - expected[i]) / Math.max(bound[i], LEAST_BOUND);
            if (!(excess <= most)) {
                worst = i;
                most = excess;
            }
        }
        if (worst >= 0) {
            fail(
                    worst,
                    String.format(
                            Locale.ROOT,
                            "%s where %s is expected, off by %.3g times the bound %.3g",
                            actual[worst],
                            (float) expected[worst],
                            most,
                            bound[worst]));
        }
    }

    /** Every value equals the expected one bit for bit, whatever its NaN. */
    void same(float[] actual, float[] expected) {
        Assertions.assertEquals(expected.length, actual.length, () -> what + ": number of values");
        for (int i = 0; i < actual.length; i++) {
            if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
                fail(i, actual[i] + " is not bit for bit the expected " + expected[i]);
            }
        }
    }

    private static final double LEAST_BOUND = Double.MIN_NORMAL;

    private void fail(int i, String why) {
        Assertions.fail(what + ", row " + i / width + ", column " + i % width + ": " + why);
    }
}
