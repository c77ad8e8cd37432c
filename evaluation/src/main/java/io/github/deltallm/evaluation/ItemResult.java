package io.github.deltallm.evaluation;

import java.util.Map;

/**
 * What one item gave under one attention.
 *
 * @param item its id
 * @param values as {@link Question.Scorer} made them
 * @param text what was generated
 * @param usage what it took
 */
record ItemResult(String item, Map<String, double[]> values, String text, Usage usage) {

    /** A measure that is one number. */
    double value(String name) {
        return numbers(name)[0];
    }

    double[] numbers(String name) {
        double[] numbers = values.get(name);
        if (numbers == null || numbers.length == 0) {
            throw new IllegalArgumentException("item " + item + " has no measure " + name);
        }
        return numbers;
    }
}
