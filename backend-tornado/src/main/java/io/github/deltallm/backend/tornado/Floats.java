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
        float result = x;
        if (x < least) {
            result = least;
        }
        if (x > most) {
            result = most;
        }
        return result;
    }

    /** A number that is infinite becomes 0. */
    static float finiteOrZero(float x) {
        float result = x;
        if (x > LARGEST) {
            result = 0;
        }
        return result;
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
        float unit = 1;
        float y = x;
        if (a < 8.6736174e-19f) { // 2^-60: far from where powers of two end
            y = x * TWO_TO_64;
            unit = 1 / TWO_TO_64;
        }
        int exponent = exponent(Math.abs(y), powers);
        float result = x;
        if (exponent < 65 && unit < 1) {
            // Denormals end at 2^-133 in bf16.
            float scaled = y * powers.get(FloatTables.POWERS + 127 + 69);
            float whole = rounded(scaled);
            if (whole == 0) {
                whole = scaled * 0; // a zero of its sign
            }
            result = whole * powers.get(FloatTables.POWERS + 127 - 69) * unit;
        } else if (exponent > 7 && exponent < 255) {
            // 8 significant bits are left of the point.
            float scaled = y * powers.get(FloatTables.POWERS + 261 - exponent);
            result = rounded(scaled) * powers.get(FloatTables.POWERS + exponent - 7) * unit;
        }
        return result;
    }

    /** The biased exponent: the largest e whose power of two is not above {@code a}; 0 for NaN. */
    static int exponent(float a, FloatArray powers) {
        int e = 0;
        for (int bit = 128; bit > 0; bit = bit / 2) {
            if (powers.get(FloatTables.POWERS + e + bit) <= a) {
                e = e + bit;
            }
        }
        return e;
    }

    /** Rounded up to 16 significant bits, so that multiples by up to 127 are exact. */
    static float exactMultiple(float scale, FloatArray powers) {
        float result = scale;
        int exponent = exponent(scale, powers);
        if (exponent > 15 && exponent < 240) {
            float scaled = scale * powers.get(FloatTables.POWERS + 269 - exponent);
            float whole = rounded(scaled);
            if (whole < scaled) {
                whole = whole + 1;
            }
            result = whole * powers.get(FloatTables.POWERS + exponent - 15);
        }
        return result;
    }
}
