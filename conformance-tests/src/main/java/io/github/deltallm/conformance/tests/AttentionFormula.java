package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvStream.Kind;

/**
 * Attention in fp64, with bounds on what fp32 may make of it.
 *
 * <p>A score of d products is off by {@code gamma(d + 2) * sum |q| |k|}; one that was summed up
 * over the changes of all keys before it, by a rounding of the largest partial sum for each change.
 * If no score is off by more than {@code eps}, the exponential's own error included, then weights
 * change by at most {@code e^(2 eps) - 1} of themselves, and so does every output of their
 * magnitudes.
 *
 * @param exactKeys {@code [rows, kvWidth]}, as sinks and recent keys are seen
 * @param middleKeys the same as the middle sees them
 * @param exactValues as {@code exactKeys}
 * @param middleValues as {@code middleKeys}
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record AttentionFormula(
        HeadShape heads,
        Declared declared,
        float[] exactKeys,
        float[] middleKeys,
        float[] exactValues,
        float[] middleValues) {

    /** All runs see the same keys and values. */
    static AttentionFormula exact(
            HeadShape heads, AttentionStrategy strategy, float[] keys, float[] values) {
        Declared declared = Declared.of(strategy, keys.length / heads.kvWidth());
        return new AttentionFormula(heads, declared, keys, keys, values, values);
    }

    /** The outputs for all queries, whose first has position {@code from}. */
    Expected of(float[] queries, int from) {
        int rows = queries.length / heads.queryWidth();
        Expected expected = new Expected(queries.length);
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < heads.heads(); head++) {
                new Query(queries, row, head, from + row).attend(expected);
            }
        }
        return expected;
    }

    /** One query head at one position. */
    private final class Query {
        private final int dim = heads.headDim();
        private final float[] queries;
        private final int at;
        private final int position;
        private final int kvHead;
        private final int sinks;
        private final int recent;
        private final boolean dropped;
        private final boolean keysEncoded;
        private final boolean valuesEncoded;

        Query(float[] queries, int row, int head, int position) {
            this.queries = queries;
            this.position = position;
            at = row * heads.queryWidth() + head * dim;
            kvHead = head / heads.group();
            recent = declared.recent(kvHead, position);
            sinks = Math.min(declared.sinks(kvHead), recent);
            dropped = declared.drops(kvHead);
            keysEncoded = declared.encoded(kvHead, Kind.KEYS, position);
            valuesEncoded = declared.encoded(kvHead, Kind.VALUES, position);
        }

        void attend(Expected expected) {
            double[] weights = new double[position + 1];
            double error = softmax(weights);
            double relative = Math.expm1(2 * error) + Rounding.gamma(2 * position + 8);
            for (int c = 0; c < dim; c++) {
                double sum = 0;
                double magnitude = 0;
                double suffix = 0;
                for (int j = position; j >= 0; j--) {
                    sum += weights[j] * value(j, c);
                    magnitude += weights[j] * Math.abs(value(j, c));
                    if (middle(j) && !dropped) {
                        suffix += weights[j];
                        double before = j == sinks ? 0 : value(j - 1, c);
                        magnitude += suffix * Math.abs(value(j, c) - before);
                    }
                }
                double bound = relative * magnitude + Rounding.LEAST * (position + 1);
                expected.set(at + c, sum, bound);
            }
        }

        /** Turns scores into weights; returns the bound on the error of a score. */
        private double softmax(double[] weights) {
            double[] errors = new double[weights.length];
            double largest = Double.NEGATIVE_INFINITY;
            double changes = 0;
            double partial = 0;
            for (int j = 0; j < weights.length; j++) {
                double sum = 0;
                double magnitude = 0;
                for (int c = 0; c < dim; c++) {
                    sum += (double) queries[at + c] * key(j, c);
                    magnitude += Math.abs((double) queries[at + c] * key(j, c));
                }
                double error = Rounding.gamma(dim + 2) * magnitude;
                if (middle(j) && j > sinks) {
                    double step = 0;
                    for (int c = 0; c < dim; c++) {
                        double change = (double) key(j, c) - key(j - 1, c);
                        step += Math.abs(queries[at + c] * change);
                        changes += change == 0 ? 0 : 1;
                    }
                    partial = Math.max(partial, Math.abs(sum) + step);
                    error += Rounding.U * (changes + dim) * partial;
                }
                double scale = Sequence.scale(heads);
                weights[j] = middle(j) && dropped ? Double.NEGATIVE_INFINITY : scale * sum;
                errors[j] = scale * error + 2 * Rounding.U * Math.abs(scale * sum);
                largest = Math.max(largest, weights[j]);
            }
            return normalise(weights, errors, largest);
        }

        private static double normalise(double[] weights, double[] errors, double largest) {
            double total = 0;
            double worst = 0;
            for (int j = 0; j < weights.length; j++) {
                double score = weights[j];
                if (score != Double.NEGATIVE_INFINITY) {
                    double exponential = (largest - score + 16) * Rounding.U;
                    worst = Math.max(worst, errors[j] + exponential);
                }
                weights[j] = Math.exp(score - largest);
                total += weights[j];
            }
            for (int j = 0; j < weights.length; j++) {
                weights[j] /= total;
            }
            return worst;
        }

        private boolean middle(int j) {
            return j >= sinks && j < recent;
        }

        private float key(int j, int c) {
            return (middle(j) && keysEncoded ? middleKeys : exactKeys)[index(j, c)];
        }

        private float value(int j, int c) {
            return (middle(j) && valuesEncoded ? middleValues : exactValues)[index(j, c)];
        }

        private int index(int j, int c) {
            return j * heads.kvWidth() + kvHead * dim + c;
        }
    }
}
