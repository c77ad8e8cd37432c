package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

class PlotDrawingTest {
    private static Point point(double x, double y) {
        return new Point(x, y, 1, false, "p", "detail");
    }

    private static String drawn(Axis y, Point... points) {
        Plot plot =
                new Plot(
                        "title <",
                        "description",
                        Axis.linear("x", "", List.of(0.0, 10.0)),
                        y,
                        List.of(new Series("a", SeriesStyle.of(0), List.of(points))),
                        List.of());
        return PlotDrawing.of(plot, Frame.WIDE, "id").toString();
    }

    private static long count(String text, String part) {
        return Pattern.compile(part, Pattern.LITERAL).matcher(text).results().count();
    }

    private static Axis toTen() {
        return Axis.linear("y", "", List.of(0.0, 10.0));
    }

    @Test
    void saysWhatItIsToThoseWhoDoNotSeeIt() {
        assertThat(drawn(toTen()))
                .startsWith("<svg class=\"picture wide\"")
                .contains("role=\"img\"", "aria-labelledby=\"id-title id-desc\"")
                .contains("<title id=\"id-title\">title &lt;</title>")
                .contains("<desc id=\"id-desc\">description</desc>");
    }

    @Test
    void withoutPointsThereAreAxes() {
        String svg = drawn(toTen());
        assertThat(count(svg, "class=\"marker\"")).isZero();
        assertThat(count(svg, "class=\"grid\"")).isEqualTo(6);
    }

    @Test
    void onePointHasAMarkerAndAnErrorBarButNoLine() {
        String svg = drawn(toTen(), point(5, 5));
        assertThat(count(svg, "class=\"marker\"")).isEqualTo(1);
        assertThat(count(svg, "class=\"error\"")).isEqualTo(3);
        assertThat(count(svg, "class=\"stroke\"")).isZero();
        assertThat(svg).contains("<title>detail</title>");
    }

    @Test
    void linesConnectNeighbours() {
        assertThat(count(drawn(toTen(), point(1, 1), point(2, 5), point(3, 2)), "class=\"stroke\""))
                .isEqualTo(2);
    }

    @Test
    void whatLiesBeyondIsAnArrowWithItsValue() {
        String svg = drawn(toTen(), point(1, 1), point(2, 38), point(3, 40));
        assertThat(svg).contains(">p: 38<");
        assertThat(count(svg, "class=\"marker\"")).isEqualTo(3);
        assertThat(count(svg, "class=\"stroke\"")).as("the one that leaves the plot").isEqualTo(1);
    }

    @Test
    void everythingStaysInsideTheFrame() {
        String svg = drawn(toTen(), point(1, -40), point(2, 5), point(9, 900));
        Pattern.compile("translate\\(([0-9.-]+),([0-9.-]+)\\)|[ML]([0-9.-]+),([0-9.-]+)[L\"]")
                .matcher(svg)
                .results()
                .filter(match -> match.group(1) != null)
                .forEach(match -> {
                    assertThat(Double.parseDouble(match.group(1)))
                            .isBetween(0.0, (double) Frame.WIDE.width());
                    assertThat(Double.parseDouble(match.group(2)))
                            .isBetween(0.0, (double) Frame.WIDE.height());
                });
    }

    @Test
    void heatMapsSayTheirValues() {
        OptionalDouble[][] fractions = {
            {OptionalDouble.of(0.05), OptionalDouble.of(1)},
            {OptionalDouble.empty(), OptionalDouble.of(0.634)}
        };
        String svg =
                HeatMapDrawing.of(new HeatMap("t", "d", fractions), Frame.WIDE, "id").toString();
        assertThat(svg)
                .contains("cell h0", "cell h6", "cell h9", "cell unmeasured", ">63<", ">100<");
        assertThatThrownBy(() ->
                        new HeatMap(
                                "t", "d", new OptionalDouble[][] {{OptionalDouble.of(Double.NaN)}}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(HeatMapDrawing.colour(0)).isEqualTo(0);
        assertThat(HeatMapDrawing.colour(0.1)).isEqualTo(1);
        assertThat(HeatMapDrawing.colour(1)).isEqualTo(9);
    }
}
