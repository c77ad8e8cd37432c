package io.github.deltallm.evaluation.report;

import java.util.List;

/**
 * Results of the same kind, which a line connects in the order given.
 *
 * @param name what stands in the legend
 */
record Series(String name, SeriesStyle style, List<Point> points) {
    Series {
        points = List.copyOf(points);
    }
}
