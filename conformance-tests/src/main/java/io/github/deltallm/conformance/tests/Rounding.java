package io.github.deltallm.conformance.tests;

/** Bounds on rounding errors, and roundings that the contract fixes. */
final class Rounding {
    /** Unit roundoff of fp32. */
    static final double U = 0x1p-24;

    /** A device may flush numbers below this to zero. */
    static final double LEAST = 0x1p-126;

    private Rounding() {}

    /** The relative error of {@code n} roundings in a row: {@code n u / (1 - n u)}. */
    static double gamma(int n) {
        return n * U / (1 - n * U);
    }

    /** To the upper half of an f32, nearest even. */
    static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int odd = (bits >>> 16) & 1;
        return Float.intBitsToFloat((bits + 0x7FFF + odd) & 0xFFFF0000);
    }
}
