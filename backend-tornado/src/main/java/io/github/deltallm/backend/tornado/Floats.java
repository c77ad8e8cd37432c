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

    /**
     * {@code numerator / denominator} to nearest even: OpenCL lets a device's own division be off
     * by 2.5 units in the last place, and not every device can be told otherwise.
     */
    static float quotient(float numerator, float denominator) {
        int above = scale(numerator);
        int below = scale(denominator);
        float n = numerator * power(above);
        float d = denominator * power(below);
        float nearest = nearest(n, d, 1 / d) * power(below - above) * power((below - above) / 2);
        float plain = numerator / denominator;
        // Infinite, NaN and zero quotients are what any device makes of them.
        return finite(plain) && plain != 0 ? nearest : plain;
    }

    /**
     * The quotient of two numbers between 2^-62 and 2^64, in which nothing denormal occurs.
     *
     * @param inverse about {@code 1 / d}, off by a few units in the last place
     */
    static float nearest(float n, float d, float inverse) {
        float guess = n * inverse;
        float quotient = guess + rest(n, d, guess) * inverse;
        float rest = rest(n, d, quotient);
        // Wrong by one unit at most; 0.625 to 1.25 units are rounded to one.
        float away = rest * d < 0 ? -7.4505806e-8f : 7.4505806e-8f;
        float next = quotient + away * Math.abs(quotient);
        float other = rest - (next - quotient) * d;
        return Math.abs(other) < Math.abs(rest) ? next : quotient;
    }

    /**
     * {@code n - quotient * d}, exact for a quotient that is off by one unit at most: the product
     * in two parts, by halves of its factors (Dekker, 1971).
     */
    private static float rest(float n, float d, float quotient) {
        float product = apart(quotient * d);
        float q1 = upper(quotient);
        float q2 = quotient - q1;
        float d1 = upper(d);
        float d2 = d - d1;
        float error = q1 * d1 - product + q1 * d2 + q2 * d1 + q2 * d2;
        return n - product - error;
    }

    /** The upper 12 bits. */
    private static float upper(float x) {
        float much = apart(4097 * x);
        return much - apart(much - x);
    }

    /** Through a clamp, so that no compiler fuses a product with the sum behind it. */
    private static float apart(float x) {
        return clamped(x, -LARGEST, LARGEST);
    }

    /** 1 for what is multiplied by 2^64 before it is divided, -1 for what is divided by it. */
    private static int scale(float x) {
        int small = Math.abs(x) < 2.3283064e-10f ? 1 : 0;
        int large = Math.abs(x) > 4.2949673e9f ? 1 : 0;
        return small - large;
    }

    private static float power(int scale) {
        float up = scale > 0 ? TWO_TO_64 : 1;
        return scale < 0 ? 1 / TWO_TO_64 : up;
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
        int half = (127 - e) / 2;
        float normal =
                b
                        * powers.get(FloatTables.POWERS + 127 + half)
                        * powers.get(FloatTables.POWERS + 254 - e - half);
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
        float size = quotient(largest, Math.max(1, most));
        int exponent = Math.max(16, Math.min(239, exponent(size, powers)));
        float scaled = size * powers.get(FloatTables.POWERS + 269 - exponent);
        float whole = rounded(scaled);
        float more = whole < scaled ? 1 : 0;
        float rounded = (whole + more) * powers.get(FloatTables.POWERS + exponent - 15);
        return rounded > 0 ? rounded : 1;
    }
}
