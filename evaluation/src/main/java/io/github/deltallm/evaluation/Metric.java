package io.github.deltallm.evaluation;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Score;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Makes one score of the results of a task's items.
 *
 * @param name such as {@code acc}
 * @param higherIsBetter false for perplexities
 * @param exponential whether the score is the exponential of the mean: perplexities
 * @param observations of the items' results
 */
record Metric(
        String name,
        boolean higherIsBetter,
        boolean exponential,
        Function<List<ItemResult>, Observations> observations) {

    /** The mean of a measure over all items. */
    static Metric mean(String name, String measure) {
        return meanWhere(name, measure, item -> true);
    }

    /** The mean of a measure over some items. */
    static Metric meanWhere(String name, String measure, Predicate<ItemResult> which) {
        return new Metric(
                name,
                true,
                false,
                results ->
                        equal(
                                results.stream()
                                        .filter(which)
                                        .mapToDouble(result -> result.value(measure))
                                        .toArray()));
    }

    /** The perplexity of parts of a text. */
    static Metric perplexity() {
        return new Metric(
                "perplexity",
                false,
                true,
                results -> new Observations(joined(results, "nll"), joined(results, "tokens")));
    }

    static Observations equal(double[] values) {
        double[] ones = new double[values.length];
        Arrays.fill(ones, 1);
        return new Observations(values, ones);
    }

    private static double[] joined(List<ItemResult> results, String measure) {
        return results.stream()
                .flatMapToDouble(result -> Arrays.stream(result.numbers(measure)))
                .toArray();
    }

    /**
     * The score.
     *
     * @param results of an attention
     * @param dense of the same items in the same order under dense attention; empty for itself
     */
    Score score(
            String task,
            String attention,
            List<ItemResult> results,
            Optional<List<ItemResult>> dense,
            Usage usage) {
        Observations found = observations.apply(results);
        double mean = found.mean();
        double value = exponential ? Math.exp(mean) : mean;
        return new Score(
                task,
                attention,
                name,
                higherIsBetter,
                value,
                exponential ? value * found.stderr() : found.stderr(),
                found.count(),
                dense.map(other -> difference(found, observations.apply(other))),
                usage.sparsity(),
                usage.tokensPerSecond());
    }

    private Difference difference(Observations found, Observations dense) {
        Difference of = PairedTest.of(found, dense);
        return exponential
                ? new Difference(
                        Math.expm1(of.value()),
                        Math.exp(of.value()) * of.stderr(),
                        Math.expm1(of.low()),
                        Math.expm1(of.high()),
                        of.pValue(),
                        of.inNoise())
                : of;
    }
}
