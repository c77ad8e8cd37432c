package io.github.deltallm.evaluation;

import io.github.deltallm.evaluation.result.Difference;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Compares two scores of the same items. The interval is the percentile interval of a paired
 * bootstrap (Efron, 1979). The probability that a difference comes by chance is McNemar's exact
 * test where items are right or wrong, else the bootstrap's.
 */
final class PairedTest {
    private static final int RESAMPLES = 2000;
    private static final long SEED = 20250726;
    private static final double LEVEL = 0.05;

    private PairedTest() {}

    /**
     * Compares.
     *
     * @param scores of the items under one attention
     * @param dense of the same items in the same order
     */
    static Difference of(Observations scores, Observations dense) {
        if (scores.count() != dense.count()) {
            throw new IllegalArgumentException(
                    scores.count() + " items can't be compared with " + dense.count());
        }
        Observations differences = scores.minus(dense);
        double mean = differences.mean();
        if (scores.count() < 2) {
            return new Difference(mean, Double.NaN, Double.NaN, Double.NaN, Double.NaN, true);
        }
        double[] means = resampled(differences);
        boolean binary = scores.binary() && dense.binary();
        double chance = binary ? mcNemar(differences.sums()) : twoSided(means);
        return new Difference(
                mean,
                differences.stderr(),
                percentile(means, LEVEL / 2),
                percentile(means, 1 - LEVEL / 2),
                chance,
                chance >= LEVEL);
    }

    /** Means of samples drawn with replacement, ascending. The same numbers give the same ones. */
    private static double[] resampled(Observations differences) {
        SplittableRandom random = new SplittableRandom(SEED);
        int n = differences.count();
        double[] means = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            double sum = 0;
            double weight = 0;
            for (int i = 0; i < n; i++) {
                int drawn = random.nextInt(n);
                sum += differences.sums()[drawn];
                weight += differences.weights()[drawn];
            }
            means[r] = sum / weight;
        }
        Arrays.sort(means);
        return means;
    }

    /** Linear between the two nearest ranks. */
    private static double percentile(double[] ascending, double part) {
        double at = part * (ascending.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, ascending.length - 1);
        return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
    }

    private static double twoSided(double[] means) {
        long notAbove = Arrays.stream(means).filter(mean -> mean <= 0).count();
        long notBelow = Arrays.stream(means).filter(mean -> mean >= 0).count();
        return Math.min(1, 2.0 * Math.min(notAbove, notBelow) / means.length);
    }

    /** The exact binomial test of the items that changed sides. */
    static double mcNemar(double[] differences) {
        int better = 0;
        int worse = 0;
        for (double difference : differences) {
            better += difference > 0 ? 1 : 0;
            worse += difference < 0 ? 1 : 0;
        }
        int n = better + worse;
        double tail = 0;
        double logTerm = -n * Math.log(2);
        for (int k = 0; k <= Math.min(better, worse); k++) {
            tail += Math.exp(logTerm);
            logTerm += Math.log((double) (n - k) / (k + 1));
        }
        return Math.min(1, 2 * tail);
    }
}
