package io.github.deltallm.evaluation.result;

/**
 * The perplexity of a text against the memory that the keys take.
 *
 * @param task the perplexity task
 * @param attention the specification
 * @param kind what it is, for a legend: {@code dense}, {@code int8}, {@code int4}, {@code delta
 *     f32}, {@code delta bf16}, {@code delta int8}, {@code prune}, {@code window} or the strategy's
 *     name
 * @param keyBits bits an element of the keys, as allocated, exact window and anchors included
 * @param perplexity of the text
 * @param change relative to dense: 0.005 for half a percent more
 */
public record KeyPrecision(
        String task,
        String attention,
        String kind,
        double keyBits,
        double perplexity,
        double change) {}
