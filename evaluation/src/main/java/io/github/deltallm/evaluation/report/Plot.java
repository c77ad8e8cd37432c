package io.github.deltallm.evaluation.report;

import java.util.List;

/**
 * Series of results against two axes.
 *
 * @param title what the picture shows, for those who don't see it
 * @param description what it says, for the same people
 * @param references drawn behind the series
 */
record Plot(
        String title,
        String description,
        Axis x,
        Axis y,
        List<Series> series,
        List<Reference> references) {
    Plot {
        series = List.copyOf(series);
        references = List.copyOf(references);
    }
}
