package io.github.deltallm.calibration;

import java.util.Arrays;

/**
 * For every channel of one head: how many of its changes a threshold leaves out, and what that
 * costs, at a ladder of thresholds.
 *
 * <p>Both come from running the rule of delta encoding (DeltaLLM, arXiv 2507.19608) over recorded
 * keys; the model is not needed.
 */
final class ThresholdCurves {
    /** Steps of the ladder; each is 14 % above the one before it. */
    static final int STEPS = 48;

    /** The first step, as a part of the channel's largest magnitude; the last one is twice that. */
    private static final double LEAST = 1.0 / 200;

    private static final double MOST = 2;

    private static final int NEIGHBOURS = 4;

    private final int dim;
    private final float[] thresholds;
    private final long[] unchanged;
    private final double[] measuredCost;
    private long rows;
    private double[] cost = {};

    /**
     * Empty curves.
     *
     * @param largest each channel's largest magnitude
     */
    ThresholdCurves(float[] largest) {
        dim = largest.length;
        thresholds = new float[dim * STEPS];
        unchanged = new long[dim * STEPS];
        measuredCost = new double[dim * STEPS];
        double ratio = Math.pow(MOST / LEAST, 1.0 / (STEPS - 1));
        for (int c = 0; c < dim; c++) {
            for (int s = 0; s < STEPS; s++) {
                thresholds[c * STEPS + s] = (float) (largest[c] * LEAST * Math.pow(ratio, s));
            }
        }
    }

    /**
     * Adds a sequence.
     *
     * @param keys {@code [length, dim]}
     * @param sensitivity as {@link KeySensitivity#sums()}
     */
    void add(float[] keys, float[] sensitivity) {
        int length = keys.length / dim;
        float[] reference = new float[STEPS];
        for (int c = 0; c < dim; c++) {
            Arrays.fill(reference, keys[c]);
            for (int j = 1; j < length; j++) {
                addKey(c, keys[j * dim + c], sensitivity[j * dim + c], reference);
            }
        }
        rows += length;
        cost = smoothed();
    }

    /**
     * A few keys that get much attention make the measured costs of neighbouring thresholds jump,
     * and who looks for the cheapest one would fall for it. The geometric mean with the neighbours,
     * as many on either side, keeps the slope; on unseen texts its choices cost a tenth to a fifth
     * less.
     */
    private double[] smoothed() {
        double[] smooth = new double[measuredCost.length];
        for (int c = 0; c < dim; c++) {
            for (int s = 0; s < STEPS; s++) {
                int reach = reach(c, s);
                double logs = 0;
                for (int near = s - reach; near <= s + reach; near++) {
                    logs += Math.log(measuredCost[c * STEPS + near]);
                }
                smooth[c * STEPS + s] = Math.exp(logs / (2 * reach + 1));
            }
        }
        return smooth;
    }

    /** How many neighbours on either side have a logarithm. */
    private int reach(int channel, int step) {
        int reach = 0;
        while (reach < NEIGHBOURS
                && step - reach > 0
                && step + reach + 1 < STEPS
                && measuredCost[channel * STEPS + step - reach - 1] > 0
                && measuredCost[channel * STEPS + step + reach + 1] > 0) {
            reach++;
        }
        return reach;
    }

    private void addKey(int channel, float key, float sensitivity, float[] reference) {
        for (int s = 0, at = channel * STEPS; s < STEPS; s++, at++) {
            float error = key - reference[s];
            if (Math.abs(error) > thresholds[at]) {
                reference[s] = key;
            } else {
                unchanged[at]++;
                measuredCost[at] += (double) sensitivity * error * error;
            }
        }
    }

    int channels() {
        return dim;
    }

    /** A threshold of a channel's ladder. */
    float threshold(int channel, int step) {
        return thresholds[channel * STEPS + step];
    }

    /** How many of the channel's elements it leaves unchanged. */
    long unchanged(int channel, int step) {
        return unchanged[channel * STEPS + step];
    }

    /** Elements of a channel. */
    long rows() {
        return rows;
    }

    /** What its errors cost, in the head's own measure, with chance smoothed out. */
    double cost(int channel, int step) {
        return cost[channel * STEPS + step];
    }
}
