package io.github.deltallm.engine;

import io.github.deltallm.api.InvalidOptionException;

/**
 * How the next token is drawn from the logits. Applied in this order: repetition penalty, top-k,
 * top-p, min-p, temperature. The same seed draws the same tokens, whatever the number of threads.
 *
 * @param temperature divides the logits; 0 always takes the most likely token (greedy)
 * @param topK keep the k most likely tokens; 0 keeps all
 * @param topP keep the most likely tokens whose probabilities sum to this; 1 keeps all
 * @param minP keep tokens at least this likely, relative to the most likely one; 0 keeps all
 * @param repeatPenalty logits of tokens among the last 64 are divided (if positive) or multiplied
 *     (if negative) by this; 1 changes nothing
 * @param seed of the pseudo-random numbers
 */
public record Sampling(
        float temperature, int topK, float topP, float minP, float repeatPenalty, long seed) {
    /** Always the most likely token. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 0);

    public Sampling {
        require(
                temperature >= 0 && Float.isFinite(temperature),
                "temperature",
                temperature,
                "a number of at least 0");
        require(topK >= 0, "top-k", topK, "at least 0");
        require(topP > 0 && topP <= 1, "top-p", topP, "more than 0 and at most 1");
        require(minP >= 0 && minP <= 1, "min-p", minP, "from 0 to 1");
        require(
                repeatPenalty > 0 && Float.isFinite(repeatPenalty),
                "repeat-penalty",
                repeatPenalty,
                "more than 0");
    }

    private static void require(boolean right, String option, Number value, String expected) {
        if (!right) {
            throw new InvalidOptionException(
                    "the option " + option + " must be " + expected + ", not " + value);
        }
    }
}
