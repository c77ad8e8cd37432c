package io.github.deltallm.evaluation.report;

/**
 * One result in a plot.
 *
 * @param x in the axis's unit
 * @param y in the axis's unit
 * @param error half the length of its error bar; 0 for none
 * @param hollow whether it is drawn as an outline
 * @param label what stands beside it if there is room; may be empty
 * @param detail all about it, shown when a pointer rests on it
 */
record Point(double x, double y, double error, boolean hollow, String label, String detail) {
    Point {
        Scale.requireFinite(x, y, error);
        if (error < 0) {
            throw new IllegalArgumentException("an error bar can't have the length " + error);
        }
    }
}
