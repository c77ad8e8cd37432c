package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Encoding;

/** Rounds rows to the element type of a store; rounding twice changes nothing. */
final class Rounding {
    private Rounding() {}

    /**
     * Rounds {@code count} values from {@code at} on, which share a scale where the store has one.
     */
    static void round(Encoding.Store store, float[] values, int at, int count) {
        switch (store) {
            case F32 -> {}
            case BF16 -> {
                for (int i = at; i < at + count; i++) {
                    values[i] = bf16(values[i]);
                }
            }
            case INT8 -> steps(127, values, at, count);
            case INT4 -> steps(7, values, at, count);
        }
    }

    /** To nearest even; NaN stays NaN. */
    static float bf16(float value) {
        if (Float.isNaN(value)) {
            return Float.NaN;
        }
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
    }

    private static void steps(int most, float[] values, int at, int count) {
        float largest = 0;
        for (int i = at; i < at + count; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        if (largest == 0) {
            return;
        }
        float scale = exactMultiple(largest / most);
        for (int i = at; i < at + count; i++) {
            values[i] = scale * (float) Math.rint(values[i] / scale);
        }
    }

    /**
     * The scale rounded up to 16 significant bits, so that its multiples are exact and the largest
     * of them gives the same scale again. NaN and infinity stay.
     */
    private static float exactMultiple(float scale) {
        return Float.isFinite(scale)
                ? Float.intBitsToFloat(Float.floatToRawIntBits(scale) + 0xFF & ~0xFF)
                : scale;
    }
}
