package io.github.deltallm.backend.reference;

import io.github.deltallm.api.AttentionCounts;

/** Causal attention of one query head at one position: scores, softmax, mix. */
final class AttentionKernel {
    private final HeadRows keys;
    private final HeadRows values;
    private final VisibleRuns runs;
    private final MacCounter macs = new MacCounter();

    AttentionKernel(HeadRows keys, HeadRows values, VisibleRuns runs) {
        this.keys = keys;
        this.values = values;
        this.runs = runs;
    }

    /**
     * Attends and reports what was computed.
     *
     * @param query the query begins at {@code query[at]}
     * @param out the result goes to {@code out[at]} and on
     */
    AttentionCounts attend(float[] query, int at, float scale, float[] out) {
        double[] weights = scores(query, at);
        softmax(weights, scale);
        double[] mixed = mix(weights);
        for (int c = 0; c < mixed.length; c++) {
            out[at + c] = (float) mixed[c];
        }
        long dense = (long) runs.length() * keys.dim;
        return new AttentionCounts(0, 0, dense, cost(keys), 0, 0, dense, cost(values), macs.macs());
    }

    private double[] scores(float[] query, int at) {
        double[] scores = new double[runs.length()];
        boolean encoded = encoded(keys);
        for (int row = 0; row < scores.length; row++) {
            if (!runs.inMiddle(row)) {
                scores[row] = keys.exactScore(query, at, row, macs);
            } else if (runs.dropped()) {
                scores[row] = Double.NEGATIVE_INFINITY;
            } else if (encoded) {
                boolean first = row == runs.middle();
                double previous = first ? 0 : scores[row - 1];
                scores[row] = keys.middleScore(query, at, row, first, previous, macs);
            } else {
                scores[row] = keys.exactScore(query, at, row, macs);
            }
        }
        return scores;
    }

    /** NaN among the scores, or only infinite ones, gives NaN everywhere. */
    private static void softmax(double[] scores, float scale) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int row = 0; row < scores.length; row++) {
            scores[row] *= scale;
            largest = Math.max(largest, scores[row]);
        }
        double sum = 0;
        for (int row = 0; row < scores.length; row++) {
            scores[row] = Math.exp(scores[row] - largest);
            sum += scores[row];
        }
        for (int row = 0; row < scores.length; row++) {
            scores[row] /= sum;
        }
    }

    private double[] mix(double[] weights) {
        double[] mixed = new double[values.dim];
        boolean encoded = encoded(values);
        for (int row = 0; row < weights.length; row++) {
            if (!runs.inMiddle(row) || (!runs.dropped() && !encoded)) {
                values.exactMix(weights[row], row, mixed, macs);
            }
        }
        if (encoded && !runs.dropped() && runs.middle() < runs.recent()) {
            values.middleMix(weights, runs.middle(), runs.recent(), mixed, macs);
        }
        return mixed;
    }

    private long cost(HeadRows rows) {
        boolean encoded = encoded(rows);
        long cost = 0;
        for (int row = 0; row < runs.length(); row++) {
            if (!runs.inMiddle(row) || (!runs.dropped() && !encoded)) {
                cost += rows.dim;
            } else if (!runs.dropped()) {
                cost += rows.middleCost(row, row == runs.middle());
            }
        }
        return cost;
    }

    private boolean encoded(HeadRows rows) {
        return rows.encodedFor(runs.length() - 1);
    }
}
