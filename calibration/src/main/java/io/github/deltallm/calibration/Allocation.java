package io.github.deltallm.calibration;

import java.util.Arrays;
import java.util.List;

/**
 * Shares out a fraction of unchanged elements among channels so that their errors cost the least:
 * everywhere the last change that is left out costs the same.
 *
 * <p>For a price {@code m} of one element, each channel takes the threshold that minimises {@code
 * weight * cost - m * zeros}; the price is then found by bisection.
 *
 * @param heads curves of the heads that share
 * @param weights what a head's own measure of cost is multiplied with
 */
record Allocation(List<ThresholdCurves> heads, double[] weights) {
    private static final double LOWEST_PRICE = 1e-40;
    private static final double HIGHEST_PRICE = 1e40;
    private static final int BISECTIONS = 64;

    /**
     * The chosen step of each channel's ladder of thresholds, by head.
     *
     * @param zeroFraction what they leave unchanged, on the recorded keys
     */
    record Choice(int[][] steps, double zeroFraction) {}

    /** The cheapest choice of at most this fraction of unchanged elements, or a little less. */
    Choice leaving(double zeroFraction) {
        double low = Math.log(LOWEST_PRICE);
        double high = Math.log(HIGHEST_PRICE);
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (low + high) / 2;
            if (at(Math.exp(middle)).zeroFraction() <= zeroFraction) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return at(Math.exp(low));
    }

    private Choice at(double price) {
        int[][] steps = new int[heads.size()][];
        long zeros = 0;
        long elements = 0;
        for (int head = 0; head < heads.size(); head++) {
            ThresholdCurves curves = heads.get(head);
            steps[head] = new int[curves.channels()];
            for (int c = 0; c < steps[head].length; c++) {
                steps[head][c] = cheapest(curves, c, price / weights[head]);
                zeros += curves.unchanged(c, steps[head][c]);
            }
            elements += curves.rows() * curves.channels();
        }
        return new Choice(steps, (double) zeros / elements);
    }

    private static int cheapest(ThresholdCurves curves, int channel, double price) {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int step = 0; step < ThresholdCurves.STEPS; step++) {
            double cost = curves.cost(channel, step) - price * curves.unchanged(channel, step);
            if (cost < least) {
                least = cost;
                best = step;
            }
        }
        return best;
    }

    /** What a choice costs, in units of the weights. */
    double cost(Choice choice) {
        double sum = 0;
        for (int head = 0; head < heads.size(); head++) {
            int[] steps = choice.steps()[head];
            for (int c = 0; c < steps.length; c++) {
                sum += weights[head] * heads.get(head).cost(c, steps[c]);
            }
        }
        return sum;
    }

    /** The thresholds of a choice, {@code [head][channel]}. */
    float[][] thresholds(Choice choice) {
        float[][] thresholds = new float[heads.size()][];
        for (int head = 0; head < thresholds.length; head++) {
            int[] steps = choice.steps()[head];
            thresholds[head] = new float[steps.length];
            for (int c = 0; c < steps.length; c++) {
                thresholds[head][c] = heads.get(head).threshold(c, steps[c]);
            }
        }
        return thresholds;
    }

    /** All heads alike. */
    static Allocation even(List<ThresholdCurves> heads) {
        double[] ones = new double[heads.size()];
        Arrays.fill(ones, 1);
        return new Allocation(heads, ones);
    }
}
