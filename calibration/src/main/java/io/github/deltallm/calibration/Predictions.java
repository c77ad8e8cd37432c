package io.github.deltallm.calibration;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * What the model predicts densely for every position of a sequence, to compare other predictions
 * with. Of each distribution the most probable tokens are kept one by one, and the others as one:
 * their Kullback-Leibler divergence is then a little too small (a twentieth, measured), never too
 * large.
 */
final class Predictions {
    private static final int KEPT = 1024;

    private final int[] ids;
    private final int[][] tokens;
    private final float[][] probabilities;
    private final float[] logits;

    Predictions(int[] ids, int vocabulary) {
        this.ids = ids;
        tokens = new int[ids.length - 1][];
        probabilities = new float[ids.length - 1][];
        logits = new float[vocabulary];
    }

    /** Number of predictions. */
    int count() {
        return tokens.length;
    }

    /**
     * Keeps the dense prediction behind a position.
     *
     * @return the negative log-likelihood of the token that follows
     */
    double keep(int position, MemorySegment values) {
        double logSum = read(position, values);
        tokens[position] = largest(Math.min(KEPT, logits.length - 1));
        float[] kept = new float[tokens[position].length];
        for (int i = 0; i < kept.length; i++) {
            kept[i] = (float) Math.exp(logits[tokens[position][i]] - logSum);
        }
        probabilities[position] = kept;
        return logSum - logits[ids[position + 1]];
    }

    /** How a prediction differs from the dense one. */
    record Comparison(double nll, double divergence) {}

    /** Compares another prediction with the dense one. */
    Comparison compare(int position, MemorySegment values) {
        double logSum = read(position, values);
        double divergence = 0;
        double rest = 1;
        double otherRest = 1;
        for (int i = 0; i < tokens[position].length; i++) {
            double log = logits[tokens[position][i]] - logSum;
            double p = probabilities[position][i];
            rest -= p;
            otherRest -= Math.exp(log);
            divergence += p == 0 ? 0 : p * (Math.log(p) - log);
        }
        if (rest > 0 && otherRest > 0) {
            divergence += rest * Math.log(rest / otherRest);
        }
        return new Comparison(logSum - logits[ids[position + 1]], divergence);
    }

    /** Reads logits and returns the logarithm of the sum of their exponentials. */
    private double read(int position, MemorySegment values) {
        MemorySegment.copy(values, ValueLayout.JAVA_FLOAT, 0, logits, 0, logits.length);
        float top = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            top = Math.max(top, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - top);
        }
        double logSum = top + Math.log(sum);
        if (!Double.isFinite(logSum)) {
            throw new DeltaLlmException(
                    "the model's logits after token "
                            + position
                            + " are not finite numbers; its file is probably damaged");
        }
        return logSum;
    }

    private int[] largest(int count) {
        PriorityQueue<Integer> best =
                new PriorityQueue<>(count, (a, b) -> Float.compare(logits[a], logits[b]));
        for (int id = 0; id < logits.length; id++) {
            if (best.size() < count) {
                best.add(id);
            } else if (logits[id] > logits[best.element()]) {
                best.remove();
                best.add(id);
            }
        }
        int[] ordered = best.stream().mapToInt(Integer::intValue).toArray();
        Arrays.sort(ordered);
        return ordered;
    }
}
