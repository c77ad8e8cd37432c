package io.github.deltallm.engine;

import io.github.deltallm.api.DeltaLlmException;

import java.util.Arrays;
import java.util.Random;

/**
 * Draws tokens as {@link Sampling} says; not thread-safe. Its buffers are taken once, drawing
 * allocates nothing.
 *
 * <p>{@link Random}'s numbers are specified, so a seed means the same everywhere.
 */
final class Sampler {
    private static final int PENALTY_WINDOW = 64;

    private final Sampling sampling;
    private final Random random;
    private final float[] logits;

    /**
     * Candidates, the most likely last: the logit's order-preserving bits above, the complement of
     * the id below.
     */
    private final long[] candidates;

    Sampler(Sampling sampling, int vocabulary) {
        this.sampling = sampling;
        random = new Random(sampling.seed());
        logits = new float[vocabulary];
        candidates = new long[sampling.temperature() == 0 ? 0 : vocabulary];
    }

    /**
     * Draws the next token.
     *
     * @param raw the model's logits, unchanged
     * @param history the tokens before, of which the first {@code length} count
     */
    int draw(float[] raw, int[] history, int length) {
        System.arraycopy(raw, 0, logits, 0, logits.length);
        refuseNaN();
        penalise(history, length);
        return sampling.temperature() == 0 ? mostLikely() : drawFrom(select());
    }

    private void refuseNaN() {
        float sum = 0;
        for (float logit : logits) {
            sum += logit * 0; // NaN for NaN and for infinities
        }
        if (sum != 0) {
            throw new DeltaLlmException(
                    "the model's logits are not finite numbers; its file is probably damaged");
        }
    }

    private void penalise(int[] history, int length) {
        float penalty = sampling.repeatPenalty();
        if (penalty == 1) {
            return;
        }
        int from = Math.max(0, length - PENALTY_WINDOW);
        for (int i = from; i < length; i++) {
            int token = history[i];
            if (!occurs(history, from, i, token)) {
                logits[token] =
                        logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
            }
        }
    }

    private static boolean occurs(int[] history, int from, int to, int token) {
        for (int i = from; i < to; i++) {
            if (history[i] == token) {
                return true;
            }
        }
        return false;
    }

    /** The largest logit; the smallest id among equals. */
    private int mostLikely() {
        int best = 0;
        for (int token = 1; token < logits.length; token++) {
            if (logits[token] > logits[best]) {
                best = token;
            }
        }
        return best;
    }

    /** Sorts the candidates and returns the index of the least likely one that is kept. */
    private int select() {
        for (int token = 0; token < candidates.length; token++) {
            candidates[token] = ((long) ordered(logits[token]) << 32) | (0xffff_ffffL & ~token);
        }
        Arrays.sort(candidates);
        int last = candidates.length - 1;
        int first = sampling.topK() == 0 ? 0 : Math.max(0, candidates.length - sampling.topK());
        if (sampling.topP() < 1) {
            first = nucleus(first, last);
        }
        double least = Math.log(sampling.minP()) + logit(last);
        while (first < last && logit(first) < least) {
            first++;
        }
        return first;
    }

    /**
     * The first of the fewest candidates, counted from the most likely one, whose probabilities
     * reach top-p.
     */
    private int nucleus(int first, int last) {
        double top = logit(last);
        double total = 0;
        for (int i = first; i <= last; i++) {
            total += Math.exp(logit(i) - top);
        }
        double reached = 0;
        for (int i = last; i > first; i--) {
            reached += Math.exp(logit(i) - top);
            if (reached >= sampling.topP() * total) {
                return i;
            }
        }
        return first;
    }

    private int drawFrom(int first) {
        int last = candidates.length - 1;
        double top = logit(last);
        double total = 0;
        for (int i = last; i >= first; i--) {
            total += Math.exp((logit(i) - top) / sampling.temperature());
        }
        double target = random.nextDouble() * total;
        for (int i = last; i > first; i--) {
            target -= Math.exp((logit(i) - top) / sampling.temperature());
            if (target < 0) {
                return token(i);
            }
        }
        return token(first);
    }

    private float logit(int candidate) {
        return logits[token(candidate)];
    }

    private int token(int candidate) {
        return ~(int) candidates[candidate];
    }

    /** An int that orders as the float does. */
    private static int ordered(float value) {
        int bits = Float.floatToIntBits(value);
        return bits ^ ((bits >> 31) & 0x7fff_ffff);
    }
}
