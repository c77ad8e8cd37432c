package io.github.deltallm.evaluation.report;

/**
 * The size of a picture, in pixels of the screen it is made for.
 *
 * @param name the class that shows it where it fits
 * @param marks about how many marks a horizontal axis has
 * @param allLabels whether there is room for labels between the ends of a series
 */
record Frame(String name, int width, int height, int marks, boolean allLabels) {
    /** One picture across the page. */
    static final Frame WIDE = new Frame("wide", 1040, 420, 8, true);

    /** The same picture on a phone. */
    static final Frame NARROW = new Frame("narrow", 328, 300, 5, false);

    /** One of several side by side. */
    static final Frame PANEL = new Frame("small", 320, 270, 5, false);
}
