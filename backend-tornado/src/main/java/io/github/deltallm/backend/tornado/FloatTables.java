package io.github.deltallm.backend.tornado;

import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Constants at the beginning of the device's floats that kernels can't compute: there is no way to
 * see a float's bits in a kernel, and NaN and infinities have no literals.
 */
final class FloatTables {
    /** Powers of two by biased exponent, 2^-126 to 2^127; 0 at 0. */
    static final int POWERS = 0;

    /** By sign and exponent of an f16: what its fraction, of 1024 steps, is multiplied by. */
    static final int F16 = 256;

    /** By sign and exponent of a bf16: what its fraction, from 1 to 2, is multiplied by. */
    static final int BF16 = F16 + 64;

    static final int NAN = BF16 + 512;
    static final int INFINITY = NAN + 1;

    /** What is added to an event: NaN where there is none, else nothing. */
    static final int MARKS = INFINITY + 1;

    /** What is added to an event: infinity if the reference becomes infinite, else nothing. */
    static final int LIMITS = MARKS + 2;

    static final int SIZE = LIMITS + 2;

    private FloatTables() {}

    static void fill(FloatArray floats) {
        floats.set(POWERS, 0);
        for (int e = 1; e < 255; e++) {
            floats.set(POWERS + e, (float) Math.scalb(1.0, e - 127));
        }
        floats.set(POWERS + 255, Float.POSITIVE_INFINITY);
        for (int e = 0; e < 32; e++) {
            double power =
                    e == 31 ? Double.POSITIVE_INFINITY : Math.scalb(1.0, Math.max(e, 1) - 25);
            floats.set(F16 + e, (float) power);
            floats.set(F16 + 32 + e, (float) -power);
        }
        for (int e = 0; e < 256; e++) {
            double power =
                    e == 255 ? Double.POSITIVE_INFINITY : Math.scalb(1.0, Math.max(e, 1) - 127);
            floats.set(BF16 + e, (float) power);
            floats.set(BF16 + 256 + e, (float) -power);
        }
        floats.set(NAN, Float.NaN);
        floats.set(INFINITY, Float.POSITIVE_INFINITY);
        floats.set(MARKS, Float.NaN);
        floats.set(MARKS + 1, 0);
        floats.set(LIMITS, Float.POSITIVE_INFINITY);
        floats.set(LIMITS + 1, 0);
    }
}
