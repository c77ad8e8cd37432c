package io.github.deltallm.evaluation.report;

/**
 * How a series is told from others: by a colour and, for those who can't tell the colours, by a
 * shape.
 *
 * @param colourClass the class of the style sheet that gives the colour
 * @param shape the outline of the marker around (0, 0), as the attribute {@code d} of a path
 */
record SeriesStyle(String colourClass, String shape) {
    /** How many colours there are, and how many shapes. */
    static final int COUNT = 8;

    private static final String[] SHAPES = {
        // circle, square, diamond, triangle
        "M-4.2,0a4.2,4.2 0 1,0 8.4,0a4.2,4.2 0 1,0 -8.4,0Z",
        "M-3.8,-3.8H3.8V3.8H-3.8Z",
        "M0,-5.4L5.4,0L0,5.4L-5.4,0Z",
        "M0,-5L5,3.8H-5Z",
        // triangle upside down, cross, hourglass, hexagon
        "M0,5L5,-3.8H-5Z",
        "M-1.8,-5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8Z",
        "M-4.4,-4.6H4.4L-4.4,4.6H4.4Z",
        "M-4.8,0L-2.4,-4.2H2.4L4.8,0L2.4,4.2H-2.4Z",
    };

    /** What everything else is compared with. */
    static final SeriesStyle DENSE =
            new SeriesStyle(
                    "dense",
                    "M0,-5.4L1.6,-1.7L5.4,-1.7L2.4,0.7L3.4,4.6L0,2.3L-3.4,4.6L-2.4,0.7L-5.4,-1.7L-1.6,-1.7Z");

    /**
     * A style by its number.
     *
     * @param index from 0; the first eight differ in both colour and shape, the first 64 in one
     */
    static SeriesStyle of(int index) {
        int round = index / COUNT;
        return new SeriesStyle("s" + index % COUNT, SHAPES[(index + round) % COUNT]);
    }
}
