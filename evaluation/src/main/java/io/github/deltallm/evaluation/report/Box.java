package io.github.deltallm.evaluation.report;

/**
 * A rectangle in a picture, in pixels.
 *
 * @param x left edge
 * @param y upper edge
 */
record Box(double x, double y, double width, double height) {
    static Box around(double x, double y, double half) {
        return new Box(x - half, y - half, 2 * half, 2 * half);
    }

    double right() {
        return x + width;
    }

    double bottom() {
        return y + height;
    }

    boolean overlaps(Box other) {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }

    boolean holds(Box other) {
        return x <= other.x
                && y <= other.y
                && other.right() <= right()
                && other.bottom() <= bottom();
    }

    /** The same box with so much less on every side. */
    Box inset(double by) {
        return new Box(x + by, y + by, width - 2 * by, height - 2 * by);
    }
}
