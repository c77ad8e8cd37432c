package io.github.deltallm.evaluation;

/**
 * What a metric is made of: the sum of some numbers over the sum of their weights.
 *
 * @param sums one an item, or a part of a text
 * @param weights 1 for items; for a part of a text its tokens
 */
record Observations(double[] sums, double[] weights) {

    int count() {
        return sums.length;
    }

    double mean() {
        return mean(sums, weights);
    }

    static double mean(double[] sums, double[] weights) {
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < sums.length; i++) {
            sum += sums[i];
            weight += weights[i];
        }
        return weight == 0 ? Double.NaN : sum / weight;
    }

    /**
     * The standard error of the mean: of a ratio of sums, by its linearisation; with weights of 1
     * the usual one, with n - 1. NaN for fewer than two.
     */
    double stderr() {
        int n = sums.length;
        if (n < 2) {
            return Double.NaN;
        }
        double mean = mean();
        double squares = 0;
        double weight = 0;
        for (int i = 0; i < n; i++) {
            double residual = sums[i] - mean * weights[i];
            squares += residual * residual;
            weight += weights[i];
        }
        return Math.sqrt(squares * n / (n - 1)) / weight;
    }

    /** Item by item, these less others; the weights are these ones'. */
    Observations minus(Observations others) {
        double[] differences = new double[sums.length];
        for (int i = 0; i < differences.length; i++) {
            differences[i] = sums[i] - others.sums[i];
        }
        return new Observations(differences, weights);
    }

    /** Whether every item is right or wrong, and counts the same. */
    boolean binary() {
        for (int i = 0; i < sums.length; i++) {
            if (weights[i] != 1 || (sums[i] != 0 && sums[i] != 1)) {
                return false;
            }
        }
        return true;
    }
}
