package io.github.deltallm.backend.reference;

/** Matrix times rows of activations. */
final class LinearKernel {
    private LinearKernel() {}

    /** {@code weight . in}, in fp64; four sums at a time, since one waits for its own additions. */
    static double dot(float[] weight, float[] in, int at) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < weight.length; i += 4) {
            a += (double) weight[i] * in[at + i];
            b += (double) weight[i + 1] * in[at + i + 1];
            c += (double) weight[i + 2] * in[at + i + 2];
            d += (double) weight[i + 3] * in[at + i + 3];
        }
        for (; i < weight.length; i++) {
            a += (double) weight[i] * in[at + i];
        }
        return a + b + (c + d);
    }

    /** A row of activations as BitNet b1.58 rounds it. */
    record QuantisedRow(int[] values, float s) {
        /** {@code s = 127 / max|x|}, {@code q = clamp(round_half_even(x * s), -128, 127)}. */
        static QuantisedRow of(float[] in, int at, int width) {
            float largest = 0;
            for (int i = 0; i < width; i++) {
                largest = Math.max(largest, Math.abs(in[at + i]));
            }
            float s = 127 / largest;
            int[] values = new int[width];
            for (int i = 0; i < width; i++) {
                values[i] = (int) Math.clamp(Math.rint(in[at + i] * s), -128.0, 127.0);
            }
            return new QuantisedRow(values, s);
        }

        /** Zeros for a row of zeros; NaN where the row has NaN or an infinity. */
        float product(TernaryMatrix weight, int row) {
            if (Float.isInfinite(s)) {
                return 0;
            }
            return Float.isNaN(s) || s == 0 ? Float.NaN : weight.product(row, values, s);
        }
    }
}
