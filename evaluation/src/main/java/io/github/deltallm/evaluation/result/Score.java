package io.github.deltallm.evaluation.result;

import java.util.Optional;

/**
 * One metric of one task under one attention.
 *
 * @param task such as {@code winogrande}
 * @param attention the specification
 * @param metric such as {@code acc}, {@code acc_norm}, {@code exact}, {@code f1}, {@code
 *     HasAns_f1}, {@code perplexity}
 * @param higherIsBetter false for perplexities
 * @param value accuracies and F1 from 0 to 1
 * @param stderr its standard error
 * @param n number of items: questions, or blocks of 64 tokens of a text
 * @param difference from dense attention on the same items; empty for dense itself
 * @param sparsity what the attention skipped on this task
 * @param tokensPerSecond tokens computed a second, by all threads; not a measurement of speed,
 *     other work included
 */
public record Score(
        String task,
        String attention,
        String metric,
        boolean higherIsBetter,
        double value,
        double stderr,
        long n,
        Optional<Difference> difference,
        Sparsity sparsity,
        double tokensPerSecond) {}
