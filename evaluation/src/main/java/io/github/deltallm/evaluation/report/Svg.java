package io.github.deltallm.evaluation.report;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Shapes of a picture; coordinates are pixels, rounded to a tenth. */
final class Svg {
    /** Font size of all text in pictures, in pixels; the style sheet says the same. */
    static final double FONT = 12;

    private final Markup out = new Markup();

    /**
     * Begins a picture.
     *
     * @param id unique in the page
     */
    Svg(String id, Frame frame, String title, String description) {
        String width = String.valueOf(frame.width());
        String height = String.valueOf(frame.height());
        String titleId = id + "-title";
        String descriptionId = id + "-desc";
        out.open(
                "svg",
                "class",
                "picture " + frame.name(),
                "viewBox",
                "0 0 " + width + " " + height,
                "width",
                width,
                "height",
                height,
                "role",
                "img",
                "aria-labelledby",
                titleId + " " + descriptionId);
        out.element("title", title, "id", titleId);
        out.element("desc", description, "id", descriptionId);
    }

    Svg group(String style) {
        out.open("g", "class", style);
        return this;
    }

    Svg close() {
        out.close();
        return this;
    }

    Svg line(String style, double x1, double y1, double x2, double y2) {
        out.empty("path", "class", style, "d", "M" + at(x1, y1) + "L" + at(x2, y2));
        return this;
    }

    Svg box(String style, Box box) {
        out.empty(
                "rect",
                "class",
                style,
                "x",
                pixels(box.x()),
                "y",
                pixels(box.y()),
                "width",
                pixels(box.width()),
                "height",
                pixels(box.height()));
        return this;
    }

    /**
     * A shape at a place.
     *
     * @param outline around (0, 0), as the attribute {@code d} of a path
     * @param detail shown when a pointer rests on it
     */
    Svg shape(String style, String outline, double x, double y, String detail) {
        out.open("path", "class", style, "d", outline, "transform", "translate(" + at(x, y) + ")");
        out.element("title", detail).close();
        return this;
    }

    /**
     * A line of text.
     *
     * @param style {@code start}, {@code middle} or {@code end}, for where (x, y) is on the base
     *     line, and more classes
     */
    Svg text(String style, double x, double y, String text) {
        out.element("text", text, "class", style, "x", pixels(x), "y", pixels(y));
        return this;
    }

    /** Text in a box that {@link Labels} found. */
    Svg text(String style, Box box, String text) {
        return text(style + " middle", box.x() + box.width() / 2, box.bottom() - 0.27 * FONT, text);
    }

    /** Ends the picture. */
    Markup end() {
        return out.close();
    }

    private static String at(double x, double y) {
        return pixels(x) + "," + pixels(y);
    }

    private static String pixels(double value) {
        Scale.requireFinite(value);
        return BigDecimal.valueOf(value)
                .setScale(1, RoundingMode.HALF_UP)
                .stripTrailingZeros()
                .toPlainString();
    }
}
