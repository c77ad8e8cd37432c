package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Arithmetic of kernels that must give the same bits everywhere, without seeing any: a float's bits
 * can't be read on the device.
 */
final class Floats {
    /** 1.5 * 2^23: adding it leaves no room for a fraction. */
    private static final float NO_FRACTION = 12582912f;

    private static final float TWO_TO_64 = 1.8446744e19f;
    private static final float LARGEST = 3.4028235e38f;

    private Floats() {}

    /** To the nearest whole number, halves to even; for magnitudes below 2^22. */
    static float rounded(float x) {
        return x + NO_FRACTION - NO_FRACTION;
    }

    static float clamped(float x, float least, float most) {
        return Math.min(Math.max(x, least), most);
    }

    /** A number that is infinite becomes 0. */
    static float finiteOrZero(float x) {
        return x > LARGEST ? 0 : x;
    }

    /** Whether it is neither NaN nor infinite. */
    static boolean finite(float x) {
        return x - x == 0;
    }

    /**
     * Rounded to the upper half of an f32, to nearest even.
     *
     * @param powers powers of two by biased exponent, from {@link FloatTables#POWERS} on
     */
    static float bf16(float x, FloatArray powers) {
        float a = Math.abs(x);
        // 2^-60 and less: far from where powers of two end.
        float up = a < 8.6736174e-19f ? TWO_TO_64 : 1;
        float down = a < 8.6736174e-19f ? 1 / TWO_TO_64 : 1;
        float y = x * up;
        // Normal numbers keep 8 significant bits; denormals end at 2^-133, as the least normal
        // does.
        int exponent = Math.max(65, Math.min(254, exponent(Math.abs(y), powers)));
        float scaled = y * powers.get(FloatTables.POWERS + 261 - exponent);
        float whole = rounded(scaled);
        float signed = whole == 0 ? scaled * 0 : whole;
        return signed * powers.get(FloatTables.POWERS + exponent - 7) * down;
    }

    /**
     * The upper half of an f32, rounded to nearest even; NaN is {@code 0x7FC0}.
     *
     * @param powers as above
     */
    static int bf16Bits(float x, FloatArray powers) {
        float y = bf16(x, powers);
        float a = Math.abs(y);
        int number = y == y ? 1 : 0;
        int e = exponent(a, powers) * number;
        float b = a <= LARGEST ? a : 0;
        float normal = b / powers.get(FloatTables.POWERS + Math.max(1, Math.min(254, e)));
        // 2^133, in two steps.
        float denormal = b * TWO_TO_64 * powers.get(FloatTables.POWERS + 127 + 69);
        float fraction = e > 0 ? Math.max(0, normal * 128 - 128) : denormal;
        int less = y < 0 ? 1 : 0;
        int zero = 1 / y < 0 ? 1 : 0;
        return Math.max(less, zero) * 32768 + e * 128 + (int) fraction + (1 - number) * 0x7FC0;
    }

    /** The number that has these bits in the upper half of an f32. */
    static float ofBf16(int bits, FloatArray tables) {
        int exponent = bits >> 7 & 255;
        int number = (bits & 32767) > 0x7F80 ? 0 : 1;
        float fraction = (bits & 127) * 0.0078125f + tables.get(FloatTables.MARKS + number);
        return tables.get(FloatTables.BF16 + (bits >> 7)) * (fraction + Math.min(1, exponent));
    }

    /** The biased exponent: the largest e whose power of two is not above {@code a}; 0 for NaN. */
    static int exponent(float a, FloatArray powers) {
        int e = 0;
        for (int bit = 128; bit > 0; bit = bit / 2) {
            e += powers.get(FloatTables.POWERS + e + bit) <= a ? bit : 0;
        }
        return e;
    }

    /**
     * The size of a step of a row that is rounded to {@code most} steps each way: rounded up to 16
     * significant bits, so that its multiples are exact; 1 for a row of zeros.
     */
    static float stepSize(float largest, int most, FloatArray powers) {
        float size = largest / Math.max(1, most);
        int exponent = Math.max(16, Math.min(239, exponent(size, powers)));
        float scaled = size * powers.get(FloatTables.POWERS + 269 - exponent);
        float whole = rounded(scaled);
        float more = whole < scaled ? 1 : 0;
        float rounded = (whole + more) * powers.get(FloatTables.POWERS + exponent - 15);
        return rounded > 0 ? rounded : 1;
    }
}
