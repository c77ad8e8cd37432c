package io.github.deltallm.evaluation.result;

/**
 * How a score differs from the dense one, item by item.
 *
 * @param value score less dense score; of perplexities the relative change, 0.005 for half a
 *     percent
 * @param stderr its standard error, of the paired differences
 * @param low lower end of its 95 % interval
 * @param high upper end
 * @param pValue two-sided, that a difference as large comes by chance alone; NaN for one item
 * @param inNoise whether the probability is 5 % or more, or not known
 */
public record Difference(
        double value, double stderr, double low, double high, double pValue, boolean inNoise) {}
