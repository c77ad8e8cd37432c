package io.github.deltallm.benchmarks;

import java.util.Random;

/**
 * Rows whose neighbours are alike: each channel is a stationary walk, {@code x[j] = 0.9 x[j-1] +
 * noise}, of standard deviation 1.
 *
 * @param rows {@code [count, dim]}
 */
record Walk(float[] rows, int dim) {
    private static final double KEPT = 0.9;
    private static final double NOISE = Math.sqrt(1 - KEPT * KEPT);

    static Walk of(int count, int dim, long seed) {
        Random random = new Random(seed);
        float[] rows = new float[count * dim];
        for (int i = 0; i < rows.length; i++) {
            double before = i < dim ? random.nextGaussian() : rows[i - dim];
            rows[i] = (float) (KEPT * before + NOISE * random.nextGaussian());
        }
        return new Walk(rows, dim);
    }

    /** The threshold at which so many elements of the delta matrix are zero. */
    float thresholdFor(double zeros) {
        float low = 0;
        float high = 8;
        for (int i = 0; i < 20; i++) {
            float middle = (low + high) / 2;
            if (zeros(middle) < zeros) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /** The rule of DeltaLLM over the first rows. */
    private double zeros(float theta) {
        int count = Math.min(2048, rows.length / dim);
        int unchanged = 0;
        for (int c = 0; c < dim; c++) {
            float reference = rows[c];
            for (int j = 1; j < count; j++) {
                float value = rows[j * dim + c];
                if (Math.abs(value - reference) > theta) {
                    reference = value;
                } else {
                    unchanged++;
                }
            }
        }
        return (double) unchanged / ((count - 1) * dim);
    }
}
