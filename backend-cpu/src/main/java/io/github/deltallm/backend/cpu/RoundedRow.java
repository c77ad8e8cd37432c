package io.github.deltallm.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * A row of activations as whole numbers of steps, a step for each block of 32 columns, in the form
 * in which {@link FourBitKernels} multiplies words of four weights. A step is as small as sums of
 * four products may be that have 16 bits: about 2^-12 of the largest sum of four magnitudes.
 */
final class RoundedRow {
    /** Steps are not smaller, so that their reciprocals are finite. */
    static final float LEAST_STEP = 0x1p-126f;

    /** Steps in the largest sum of four magnitudes; rounding may add half a step to each. */
    static final float STEPS = 4093;

    private static final int BLOCK = RepackedWeight.BLOCK;

    /** {@code [column]}: of a word's four columns x0, x1 - 16 x0, x2 - 16 x1, x3 - 16 x2. */
    final short[] factors;

    /** {@code [word]}: {@link FourBitKernels#BIAS} less 8 (x0 + x1 + x2 + x3). */
    final short[] biases;

    /** {@code [block]}: what a step is; not finite where an activation is not. */
    final float[] steps;

    /** {@code [block]}: the sum of the activations, which are not rounded for it. */
    final float[] sums;

    private final float[] values = new float[BLOCK];

    /**
     * @param columns of the longest row, a multiple of 32
     */
    RoundedRow(int columns) {
        factors = new short[columns];
        biases = new short[columns / 4];
        steps = new float[columns / BLOCK];
        sums = new float[columns / BLOCK];
    }

    /** Takes the first row. */
    void take(Rows in) {
        for (int block = 0; block < in.width() / BLOCK; block++) {
            long from = in.at(0) + 4L * BLOCK * block;
            MemorySegment.copy(in.data(), Lanes.FLOAT, from, values, 0, BLOCK);
            sums[block] = Sums.of(values, 0, BLOCK);
            steps[block] = Math.max(largest() * (4 / STEPS), LEAST_STEP);
            round(block * BLOCK, 1 / steps[block]);
        }
    }

    /** A quarter of the largest sum of four magnitudes, which is always finite; or NaN. */
    private float largest() {
        float largest = 0;
        for (int c = 0; c < BLOCK; c += 4) {
            float four =
                    0.25f * Math.abs(values[c])
                            + 0.25f * Math.abs(values[c + 1])
                            + 0.25f * Math.abs(values[c + 2])
                            + 0.25f * Math.abs(values[c + 3]);
            largest = Math.max(largest, four);
        }
        return largest;
    }

    private void round(int column, float inverse) {
        for (int c = 0; c < BLOCK; c += 4) {
            int x0 = rounded(values[c] * inverse);
            int x1 = rounded(values[c + 1] * inverse);
            int x2 = rounded(values[c + 2] * inverse);
            int x3 = rounded(values[c + 3] * inverse);
            factors[column + c] = (short) x0;
            factors[column + c + 1] = (short) (x1 - 16 * x0);
            factors[column + c + 2] = (short) (x2 - 16 * x1);
            factors[column + c + 3] = (short) (x3 - 16 * x2);
            biases[(column + c) / 4] = (short) (FourBitKernels.BIAS - 8 * (x0 + x1 + x2 + x3));
        }
    }

    /** Rounds to the nearest: 1.5 * 2^23 leaves no bits for a fraction. */
    private static int rounded(float steps) {
        float shifted = steps + 0x1.8p23f;
        return Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(0x1.8p23f);
    }
}
