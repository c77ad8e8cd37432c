package io.github.deltallm.evaluation.report;

import java.util.OptionalDouble;

/**
 * Draws a heat map: on a wide page a column a layer, on a narrow one a row a layer. Every cell says
 * its value too, in percent.
 */
final class HeatMapDrawing {
    /** Colours of the style sheet, for tenths of a fraction. */
    static final int COLOURS = 10;

    private static final double ROW = 24;
    private static final double TOP = 40;
    private static final double LEFT = 62;
    private static final double RIGHT = 4;
    private static final double WIDEST_CELL = 60;

    private final HeatMap map;
    private final boolean layersAcross;

    private HeatMapDrawing(HeatMap map, boolean layersAcross) {
        this.map = map;
        this.layersAcross = layersAcross;
    }

    /**
     * Draws a heat map.
     *
     * @param id unique in the page
     */
    static Markup of(HeatMap map, Frame frame, String id) {
        return new HeatMapDrawing(map, frame.equals(Frame.WIDE)).draw(frame, id);
    }

    private Markup draw(Frame frame, String id) {
        int columns = layersAcross ? map.layers() : map.heads();
        int rows = layersAcross ? map.heads() : map.layers();
        double cell = Math.min(WIDEST_CELL, (frame.width() - LEFT - RIGHT) / columns);
        Frame fitted =
                new Frame(
                        frame.name(),
                        frame.width(),
                        (int) Math.ceil(TOP + rows * ROW + RIGHT),
                        frame.marks(),
                        frame.allLabels());
        Svg svg = new Svg(id, fitted, map.title(), map.description());
        svg.group("axis");
        svg.text("start title", LEFT, 12, layersAcross ? "layer" : "KV head");
        svg.text("end title", LEFT - 8, TOP - 8, layersAcross ? "KV head" : "layer");
        int every = (int) Math.ceil(TextWidth.of("100", Svg.FONT) / cell);
        for (int column = 0; column < columns; column += every) {
            svg.text("middle tick", LEFT + (column + 0.5) * cell, TOP - 8, String.valueOf(column));
        }
        for (int row = 0; row < rows; row++) {
            svg.text("end tick", LEFT - 8, TOP + (row + 0.68) * ROW, String.valueOf(row));
        }
        svg.close();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                cell(svg, row, column, cell);
            }
        }
        return svg.end();
    }

    private void cell(Svg svg, int row, int column, double width) {
        int layer = layersAcross ? column : row;
        int head = layersAcross ? row : column;
        OptionalDouble fraction = map.fractions()[layer][head];
        Box box = new Box(LEFT + column * width, TOP + row * ROW, width - 1, ROW - 1);
        if (fraction.isEmpty()) {
            svg.group("cell unmeasured").box("fill", box).close();
            return;
        }
        double value = fraction.getAsDouble();
        svg.group("cell h" + colour(value)).box("fill", box);
        String text = Numbers.fixed(value * 100, 0);
        if (TextWidth.of("88", Svg.FONT - 1) <= width) {
            svg.text("value middle", box.x() + box.width() / 2, box.y() + 0.68 * ROW, text);
        }
        svg.close();
    }

    /** Which of the colours stands for a fraction: 0 for the first tenth. */
    static int colour(double fraction) {
        return Math.clamp((int) (fraction * COLOURS), 0, COLOURS - 1);
    }
}
