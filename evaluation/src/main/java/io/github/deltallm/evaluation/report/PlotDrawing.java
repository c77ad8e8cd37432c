package io.github.deltallm.evaluation.report;

import static java.util.function.Predicate.not;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Draws one plot in one frame. */
final class PlotDrawing {
    private static final double TOP = 26;
    private static final double BOTTOM = 40;
    private static final double RIGHT = 12;

    /** Keeps markers at the start of the horizontal axis off the other axis. */
    private static final double INDENT = 8;

    private static final double MARKER = 6;
    private static final int MARKS = 5;
    private static final String ARROW_UP = "M0,-6L5.5,4H-5.5Z";
    private static final String ARROW_DOWN = "M0,6L5.5,-4H-5.5Z";

    private final Plot plot;
    private final Frame frame;
    private final Ticks rows;
    private final Box area;
    private final Scale x;
    private final Scale y;
    private final Labels labels;
    private final Svg svg;

    private PlotDrawing(Plot plot, Frame frame, String id) {
        this.plot = plot;
        this.frame = frame;
        rows = plot.y().ticks(MARKS);
        double left = 10 + widestRow();
        double right = Math.max(RIGHT, halfOfLastColumn());
        area = new Box(left, TOP, frame.width() - left - right, frame.height() - TOP - BOTTOM);
        x = plot.x().scale(area.x() + INDENT, area.right());
        y = plot.y().scale(area.bottom(), area.y());
        labels =
                new Labels(new Box(area.x(), 0, frame.width() - area.x(), area.bottom()), Svg.FONT);
        svg = new Svg(id, frame, plot.title(), plot.description());
    }

    /**
     * Draws a plot.
     *
     * @param id unique in the page
     */
    static Markup of(Plot plot, Frame frame, String id) {
        return new PlotDrawing(plot, frame, id).draw();
    }

    private double widestRow() {
        return rows.values().stream()
                .mapToDouble(v -> TextWidth.of(plot.y().label(v, rows), Svg.FONT))
                .max()
                .orElse(0);
    }

    /** How far the label of the last mark may stand over the end of its axis. */
    private double halfOfLastColumn() {
        Ticks columns = plot.x().ticks(frame.marks());
        String label = plot.x().label(columns.values().getLast(), columns);
        return TextWidth.of(label, Svg.FONT) / 2 + 2;
    }

    private Markup draw() {
        axes();
        takePlaces();
        plot.references().forEach(this::reference);
        plot.series().forEach(this::line);
        plot.series().forEach(this::points);
        plot.series().forEach(this::beyond);
        plot.series().forEach(this::pointLabels);
        return svg.end();
    }

    private void axes() {
        svg.group("axis");
        for (double value : rows.values()) {
            double at = y.at(value);
            svg.line("grid", area.x(), at, area.right(), at);
            svg.text("end tick", area.x() - 6, at + 0.35 * Svg.FONT, plot.y().label(value, rows));
        }
        Ticks columns = columns();
        for (double value : columns.values()) {
            double at = x.at(value);
            svg.line("tick", at, area.bottom(), at, area.bottom() + 4);
            svg.text("middle tick", at, area.bottom() + 17, plot.x().label(value, columns));
        }
        svg.line("base", area.x(), area.bottom(), area.right(), area.bottom());
        svg.text("start title", 2, 12, plot.y().title());
        svg.text("end title", area.right(), frame.height() - 5.0, plot.x().title());
        svg.close();
        labels.take(new Box(0, 0, TextWidth.of(plot.y().title(), Svg.FONT), 16));
    }

    /** As many marks as their labels leave room for. */
    private Ticks columns() {
        int about = frame.marks();
        Ticks ticks = plot.x().ticks(about);
        while (about > 1 && !fit(ticks)) {
            about--;
            ticks = plot.x().ticks(about);
        }
        return ticks;
    }

    private boolean fit(Ticks ticks) {
        double end = Double.NEGATIVE_INFINITY;
        for (double value : ticks.values()) {
            double half = TextWidth.of(plot.x().label(value, ticks), Svg.FONT) / 2;
            if (x.at(value) - half < end) {
                return false;
            }
            end = x.at(value) + half + 6;
        }
        return true;
    }

    private void takePlaces() {
        for (Series series : plot.series()) {
            for (Point point : series.points()) {
                double px = x.clamped(point.x());
                labels.take(Box.around(px, y.clamped(point.y()), MARKER));
                if (point.error() > 0 && y.contains(point.y())) {
                    labels.takeLine(px, low(point), px, high(point));
                }
            }
            segments(series, labels::takeLine);
        }
        for (Reference reference : plot.references()) {
            double at = y.clamped(reference.value());
            labels.take(new Box(area.x(), at - 1, area.width(), 2));
        }
    }

    private void reference(Reference reference) {
        if (!y.contains(reference.value())) {
            return;
        }
        double top = y.clamped(reference.value() + reference.error());
        double bottom = y.clamped(reference.value() - reference.error());
        double at = y.at(reference.value());
        svg.group("reference");
        if (bottom > top) {
            svg.box("band", new Box(area.x(), top, area.width(), bottom - top));
        }
        svg.line("level", area.x(), at, area.right(), at);
        labels.along(at, reference.label())
                .ifPresent(box -> svg.text("label", box, reference.label()));
        svg.close();
    }

    private void line(Series series) {
        svg.group("line " + series.style().colourClass());
        segments(series, (x1, y1, x2, y2) -> svg.line("stroke", x1, y1, x2, y2));
        svg.close();
    }

    private void points(Series series) {
        svg.group("points " + series.style().colourClass());
        for (Point point : series.points()) {
            if (!y.contains(point.y())) {
                continue;
            }
            double px = x.clamped(point.x());
            if (point.error() > 0) {
                errorBar(point, px);
            }
            svg.shape(
                    point.hollow() ? "marker hollow" : "marker",
                    series.style().shape(),
                    px,
                    y.at(point.y()),
                    point.detail());
        }
        svg.close();
    }

    private void errorBar(Point point, double px) {
        svg.line("error", px, low(point), px, high(point));
        if (y.contains(point.y() + point.error())) {
            svg.line("error", px - 3, high(point), px + 3, high(point));
        }
        if (y.contains(point.y() - point.error())) {
            svg.line("error", px - 3, low(point), px + 3, low(point));
        }
    }

    /** What lies above or below the plot: an arrow at its edge, with the value. */
    private void beyond(Series series) {
        svg.group("points " + series.style().colourClass());
        for (Point point : series.points()) {
            if (y.contains(point.y())) {
                continue;
            }
            double px = x.clamped(point.x());
            double edge = y.clamped(point.y());
            boolean above = point.y() > plot.y().to();
            svg.shape("marker", above ? ARROW_UP : ARROW_DOWN, px, edge, point.detail());
            String value = Numbers.brief(point.y()) + plot.y().unit();
            if (point.label().isEmpty() || !label(point, px, edge, point.label() + ": " + value)) {
                label(point, px, edge, value);
            }
        }
        svg.close();
    }

    private void pointLabels(Series series) {
        svg.group(series.style().colourClass());
        ends(series).forEach(this::pointLabel);
        if (frame.allLabels()) {
            series.points().stream().filter(not(ends(series)::contains)).forEach(this::pointLabel);
        }
        svg.close();
    }

    private void pointLabel(Point point) {
        if (y.contains(point.y()) && !point.label().isEmpty()) {
            label(point, x.clamped(point.x()), y.at(point.y()), point.label());
        }
    }

    /** The last and the first point in the picture. */
    private List<Point> ends(Series series) {
        List<Point> inside = series.points().stream().filter(p -> y.contains(p.y())).toList();
        return inside.isEmpty()
                ? List.of()
                : Stream.of(inside.getLast(), inside.getFirst()).distinct().toList();
    }

    /** Whether there was room for it. */
    private boolean label(Point point, double px, double py, String text) {
        Optional<Box> place = labels.beside(px, py, MARKER + 2, text);
        place.ifPresent(box -> svg.text(point.hollow() ? "label hollow" : "label", box, text));
        return place.isPresent();
    }

    private double high(Point point) {
        return y.clamped(point.y() + point.error());
    }

    private double low(Point point) {
        return y.clamped(point.y() - point.error());
    }

    @FunctionalInterface
    private interface Segment {
        void between(double x1, double y1, double x2, double y2);
    }

    /** The lines between neighbouring points, as far as they lie in the plot. */
    private void segments(Series series, Segment segment) {
        for (int i = 1; i < series.points().size(); i++) {
            Point a = series.points().get(i - 1);
            Point b = series.points().get(i);
            double start = entry(a.y(), b.y());
            double end = 1 - entry(b.y(), a.y());
            if (start >= end) {
                continue;
            }
            double ax = x.clamped(a.x());
            double ay = y.at(a.y());
            double dx = x.clamped(b.x()) - ax;
            double dy = y.at(b.y()) - ay;
            segment.between(ax + start * dx, ay + start * dy, ax + end * dx, ay + end * dy);
        }
    }

    /** Where on the way from a to b the plot begins; 1 if it never does. */
    private double entry(double a, double b) {
        double from = plot.y().from();
        double to = plot.y().to();
        if (a < from) {
            return b <= from ? 1 : (from - a) / (b - a);
        }
        if (a > to) {
            return b >= to ? 1 : (to - a) / (b - a);
        }
        return 0;
    }
}
