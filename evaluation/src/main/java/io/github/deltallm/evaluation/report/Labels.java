package io.github.deltallm.evaluation.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds places for labels where they hide nothing and none hides another. */
final class Labels {
    /** Height of a line of text over its font size. */
    private static final double LINE = 1.15;

    private final Box area;
    private final double size;
    private final List<Box> taken = new ArrayList<>();

    /**
     * @param area where labels may stand
     * @param size of the font, in pixels
     */
    Labels(Box area, double size) {
        this.area = area;
        this.size = size;
    }

    /** Keeps labels away from a box. */
    void take(Box box) {
        taken.add(box);
    }

    /** Keeps labels away from a straight line. */
    void takeLine(double x1, double y1, double x2, double y2) {
        int steps = (int) Math.ceil(Math.hypot(x2 - x1, y2 - y1) / 4);
        for (int i = 0; i <= steps; i++) {
            double share = steps == 0 ? 0 : (double) i / steps;
            take(Box.around(x1 + share * (x2 - x1), y1 + share * (y2 - y1), 1.5));
        }
    }

    /**
     * A place for a label beside a point: above it, below, right, left, or at a corner, whichever
     * is free first. The place is taken then.
     *
     * @param gap how far from the point
     */
    Optional<Box> beside(double x, double y, double gap, String text) {
        double width = TextWidth.of(text, size);
        double height = size * LINE;
        double centred =
                Math.clamp(x - width / 2, area.x(), Math.max(area.x(), area.right() - width));
        double[][] corners = {
            {centred, y - gap - height},
            {centred, y + gap},
            {x + gap, y - height / 2},
            {x - gap - width, y - height / 2},
            {x + gap * 0.6, y - gap * 0.6 - height},
            {x + gap * 0.6, y + gap * 0.6},
            {x - gap * 0.6 - width, y - gap * 0.6 - height},
            {x - gap * 0.6 - width, y + gap * 0.6},
        };
        for (double[] corner : corners) {
            Box box = new Box(corner[0], corner[1], width, height);
            if (free(box)) {
                take(box);
                return Optional.of(box);
            }
        }
        return Optional.empty();
    }

    /**
     * A place for a label on a horizontal line: above or below it, from the right end on to the
     * left.
     */
    Optional<Box> along(double y, String text) {
        double width = TextWidth.of(text, size);
        double height = size * LINE;
        for (double x = area.right() - width - 4; x >= area.x(); x -= 8) {
            for (double top : new double[] {y - height - 2, y + 3}) {
                Box box = new Box(x, top, width, height);
                if (free(box)) {
                    take(box);
                    return Optional.of(box);
                }
            }
        }
        return Optional.empty();
    }

    private boolean free(Box box) {
        return area.holds(box) && taken.stream().noneMatch(box::overlaps);
    }
}
