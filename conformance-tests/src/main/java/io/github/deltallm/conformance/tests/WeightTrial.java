package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream.Kind;

import org.junit.jupiter.api.Assertions;

/**
 * Values that are unit vectors make the outputs the weights themselves: {@code out[i][j]} is what
 * query i gives to key j, and logarithms of their ratios are differences of scores.
 */
final class WeightTrial implements AutoCloseable {
    private static final int WINDOW = 5;

    private final int dim;
    private final HeadShape heads;
    private final float theta;
    private final Sequence sequence;
    private final DeltaTrial trial;
    private final float[] weights;
    private final Expected expected;
    private final double[][] dense;
    private final DeltaFormula encoded;

    /** One head of {@code dim} channels, and as many keys. */
    WeightTrial(KeyShape shape, int dim, float theta, Backend backend) {
        this.dim = dim;
        heads = new HeadShape(1, 1, 1, dim);
        dense = new double[dim][dim];
        this.theta = theta;
        Sequence made = shape.sequence(heads, dim);
        float[] unit = new float[dim * dim];
        for (int row = 0; row < dim; row++) {
            unit[row * dim + row] = 1;
        }
        float[] queries = made.queries();
        for (int i = 0; i < queries.length; i++) {
            queries[i] *= 0.25f;
        }
        sequence = new Sequence(heads, queries, made.keys(), unit);
        Delta delta = Delta.of(theta, Events.F32, Store.F32);
        Runs runs = new Runs(delta, new Encoding.Exact(Store.F32), 0, WINDOW, false);
        trial = new DeltaTrial(sequence, runs, backend);
        try (KvCache cache = trial.newCache()) {
            weights = trial.feed(cache, 16);
        }
        expected = trial.formula();
        encoded = trial.encoded(trial.declared(), 0, Kind.KEYS);
        for (int i = 0; i < dim; i++) {
            for (int j = 0; j <= i; j++) {
                dense[i][j] = score(i, j, sequence.keys());
            }
        }
    }

    private double score(int query, int key, float[] keys) {
        double sum = 0;
        for (int c = 0; c < dim; c++) {
            sum += (double) sequence.queries()[query * dim + c] * keys[key * dim + c];
        }
        return sum * Sequence.scale(heads);
    }

    /** Weights are those of {@code q . kh} in the middle and {@code q . k} in the window. */
    void checkScores() {
        expected.check("weights", dim, weights);
    }

    /** The difference of a key's score to the query's own, which is exact. */
    private double relative(int i, int j) {
        return Math.log(weights[i * dim + j]) - Math.log(weights[i * dim + i]);
    }

    /** What fp32 may make of it. */
    private double rounding(int i, int j) {
        return 2 * (off(i, j) + off(i, i));
    }

    private double off(int i, int j) {
        return expected.bounds()[i * dim + j] / expected.values()[i * dim + j];
    }

    /** {@code theta sum |q[c]| / sqrt(d)} over the channels that key j does not change. */
    private double bound(int i, int j) {
        double sum = 0;
        for (int c = 0; c < dim; c++) {
            if (!encoded.changed().get(j * dim + c)) {
                sum += Math.abs(sequence.queries()[i * dim + c]);
            }
        }
        return theta * sum * Sequence.scale(heads);
    }

    void checkScoreErrors() {
        for (int i = 0; i < dim; i++) {
            for (int j = 0; j < i; j++) {
                double error = Math.abs(relative(i, j) - (dense[i][j] - dense[i][i]));
                boolean exact = j > i - WINDOW;
                double most = (exact ? 0 : bound(i, j)) + rounding(i, j);
                String what = "score of query " + i + ", key " + j + ": off by ";
                Assertions.assertTrue(error <= most, () -> what + error + ", bound " + most);
            }
        }
    }

    /** Total variation against dense weights, and with it what any values are off by. */
    void checkVariation() {
        for (int i = 0; i < dim; i++) {
            double[] softmax = softmax(i);
            double eps = 0;
            double variation = 0;
            double rounding = 0;
            for (int j = 0; j <= i; j++) {
                eps = j > i - WINDOW ? eps : Math.max(eps, bound(i, j));
                variation += Math.abs(weights[i * dim + j] - softmax[j]) / 2;
                rounding += expected.bounds()[i * dim + j];
            }
            double most = Math.tanh(eps / 2) + rounding;
            double found = variation;
            String what = "weights of query " + i + ": off by ";
            Assertions.assertTrue(found <= most, () -> what + found + ", bound " + most);
        }
    }

    private double[] softmax(int query) {
        double[] softmax = new double[query + 1];
        double sum = 0;
        for (int j = 0; j <= query; j++) {
            softmax[j] = Math.exp(dense[query][j] - dense[query][query]);
            sum += softmax[j];
        }
        for (int j = 0; j <= query; j++) {
            softmax[j] /= sum;
        }
        return softmax;
    }

    @Override
    public void close() {
        trial.close();
    }
}
