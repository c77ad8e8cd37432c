package io.github.deltallm.calibration;

import java.util.List;
import java.util.Optional;

/** What is known of one KV head from the sequences recorded so far. */
final class HeadStatistics {
    private final int dim;
    private final float[] largestKey;
    private final float[] largestValue;
    private double valueSum;
    private double valueSquares;
    private long valueCount;
    private Optional<ThresholdCurves> curves = Optional.empty();

    HeadStatistics(int dim) {
        this.dim = dim;
        largestKey = new float[dim];
        largestValue = new float[dim];
    }

    /**
     * Adds a sequence.
     *
     * @param queries {@code [length, dim]} of each query head that shares the KV head
     * @param scale what scores are multiplied with
     * @param window how many of the last keys a query sees exactly
     */
    void add(List<float[]> queries, float[] keys, float[] values, float scale, int window) {
        raise(largestKey, keys);
        raise(largestValue, values);
        for (float value : values) {
            valueSum += value;
            valueSquares += (double) value * value;
        }
        valueCount += values.length;
        KeySensitivity sensitivity = new KeySensitivity(keys, values, dim, scale);
        queries.forEach(head -> sensitivity.add(head, window));
        ThresholdCurves known = curves.orElseGet(() -> new ThresholdCurves(largestKey));
        known.add(keys, sensitivity.sums());
        curves = Optional.of(known);
    }

    private void raise(float[] largest, float[] rows) {
        for (int i = 0; i < rows.length; i++) {
            largest[i % dim] = Math.max(largest[i % dim], Math.abs(rows[i]));
        }
    }

    ThresholdCurves curves() {
        return curves.orElseThrow();
    }

    /** Each key channel's largest magnitude. */
    float[] largestKey() {
        return largestKey;
    }

    /** Each value channel's largest magnitude. */
    float[] largestValue() {
        return largestValue;
    }

    /** Standard deviation of the values over all channels and tokens. */
    double valueSigma() {
        double mean = valueSum / valueCount;
        return Math.sqrt(Math.max(0, valueSquares / valueCount - mean * mean));
    }
}
