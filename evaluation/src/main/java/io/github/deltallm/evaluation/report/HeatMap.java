package io.github.deltallm.evaluation.report;

import java.util.OptionalDouble;

/**
 * Fractions by layer and head.
 *
 * @param title what the picture shows, for those who don't see it
 * @param description what it says, for the same people
 * @param fractions [layers, heads], from 0 to 1; empty where nothing was measured
 */
record HeatMap(String title, String description, OptionalDouble[][] fractions) {
    HeatMap {
        for (OptionalDouble[] heads : fractions) {
            for (OptionalDouble fraction : heads) {
                double value = fraction.orElse(0);
                if (!(value >= 0 && value <= 1)) {
                    throw new IllegalArgumentException(value + " is no fraction");
                }
            }
        }
    }

    int layers() {
        return fractions.length;
    }

    int heads() {
        return fractions[0].length;
    }
}
