package io.github.deltallm.evaluation.report;

/**
 * A value to compare with, drawn across a plot.
 *
 * @param label what stands on it
 * @param value in the unit of the vertical axis
 * @param error half the height of the band around it; 0 for none
 */
record Reference(String label, double value, double error) {
    Reference {
        Scale.requireFinite(value, error);
    }
}
