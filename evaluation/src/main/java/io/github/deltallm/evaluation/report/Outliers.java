package io.github.deltallm.evaluation.report;

import java.util.List;

/** Values so far from the others that an axis which shows them would hide the rest. */
final class Outliers {
    private static final double FAR = 8;

    private Outliers() {}

    /**
     * The values to make an axis for.
     *
     * @param values about 0
     * @param near what is never far, in the same unit
     * @return those up to eight times the median distance from 0, and up to {@code near}
     */
    static List<Double> without(List<Double> values, double near) {
        if (values.isEmpty()) {
            return values;
        }
        double[] distances = values.stream().mapToDouble(Math::abs).sorted().toArray();
        double limit = Math.max(near, FAR * distances[distances.length / 2]);
        return values.stream().filter(value -> Math.abs(value) <= limit).toList();
    }
}
