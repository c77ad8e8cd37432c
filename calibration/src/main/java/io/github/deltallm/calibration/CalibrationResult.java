package io.github.deltallm.calibration;

import io.github.deltallm.api.AttentionCounts;

/**
 * What a calibration found.
 *
 * @param profile the thresholds
 * @param tokens how many tokens of the text it used
 * @param densePerplexity of the text, with dense attention
 * @param perplexity of the text, with the profile
 * @param divergence mean Kullback-Leibler divergence of the predictions with the profile from the
 *     dense ones, in nats a token; far less noisy than the perplexity
 * @param attention what attention computed on the text, with the profile
 */
public record CalibrationResult(
        CalibrationProfile profile,
        int tokens,
        double densePerplexity,
        double perplexity,
        double divergence,
        AttentionCounts attention) {

    /** By how much the perplexity rose, as a fraction. */
    public double perplexityChange() {
        return perplexity / densePerplexity - 1;
    }
}
