package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Contrast as WCAG 2.2 defines it; colours as people with a colour deficiency see them by Machado,
 * Oliveira and Fernandes (2009), at full severity; distances in Ottosson's OKLab.
 */
class StyleSheetTest {
    private static final Pattern PAIR =
            Pattern.compile("--(\\w+): light-dark\\(#(\\w{6}), #(\\w{6})\\);");
    private static final Pattern PLAIN = Pattern.compile("--(\\w+): #(\\w{6});");

    private static final String CSS = StyleSheet.builtIn().text();

    enum Scheme {
        LIGHT,
        DARK;

        double[] colour(String name) {
            return Objects.requireNonNull(colours().get(name), name);
        }

        private Map<String, double[]> colours() {
            Map<String, double[]> colours = new LinkedHashMap<>();
            Matcher matcher = PAIR.matcher(CSS);
            while (matcher.find()) {
                colours.put(matcher.group(1), linear(matcher.group(this == LIGHT ? 2 : 3)));
            }
            return colours;
        }
    }

    enum Vision {
        COMMON,
        PROTANOPIA,
        DEUTERANOPIA,
        TRITANOPIA;

        private double[] matrix() {
            return switch (this) {
                case COMMON -> new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1};
                case PROTANOPIA ->
                        new double[] {
                            0.152286, 1.052583, -0.204868,
                            0.114503, 0.786281, 0.099216,
                            -0.003882, -0.048116, 1.051998
                        };
                case DEUTERANOPIA ->
                        new double[] {
                            0.367322, 0.860646, -0.227968,
                            0.280085, 0.672501, 0.047413,
                            -0.011820, 0.042940, 0.968881
                        };
                case TRITANOPIA ->
                        new double[] {
                            1.255528, -0.076749, -0.178779,
                            -0.078411, 0.930809, 0.147602,
                            0.004733, 0.691367, 0.303900
                        };
            };
        }

        /** OKLab of a colour as it is seen. */
        double[] seen(double[] rgb) {
            double[] own = multiply(matrix(), rgb);
            for (int i = 0; i < 3; i++) {
                own[i] = Math.max(0, own[i]);
            }
            double[] cones =
                    multiply(
                            new double[] {
                                0.4122214708, 0.5363325363, 0.0514459929,
                                0.2119034982, 0.6806995451, 0.1073969566,
                                0.0883024619, 0.2817188376, 0.6299787005
                            },
                            own);
            for (int i = 0; i < 3; i++) {
                cones[i] = Math.cbrt(cones[i]);
            }
            return multiply(
                    new double[] {
                        0.2104542553, 0.7936177850, -0.0040720468,
                        1.9779984951, -2.4285922050, 0.4505937099,
                        0.0259040371, 0.7827717662, -0.8086757660
                    },
                    cones);
        }
    }

    private static double[] multiply(double[] matrix, double[] v) {
        double[] product = new double[3];
        for (int i = 0; i < 9; i++) {
            product[i / 3] += matrix[i] * v[i % 3];
        }
        return product;
    }

    private static double[] linear(String hex) {
        double[] rgb = new double[3];
        for (int i = 0; i < 3; i++) {
            double c = Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16) / 255.0;
            rgb[i] = c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
        }
        return rgb;
    }

    private static double contrast(double[] a, double[] b) {
        double first = luminance(a) + 0.05;
        double second = luminance(b) + 0.05;
        return Math.max(first, second) / Math.min(first, second);
    }

    private static double luminance(double[] rgb) {
        return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    }

    @ParameterizedTest
    @EnumSource
    void textContrastsWithWhatItStandsOn(Scheme scheme) {
        double[] paper = scheme.colour("paper");
        for (String text : new String[] {"ink", "soft", "link"}) {
            assertThat(contrast(scheme.colour(text), paper)).as(text).isGreaterThanOrEqualTo(4.5);
        }
        for (int i = 0; i < HeatMapDrawing.COLOURS; i++) {
            assertThat(contrast(scheme.colour("t" + i), scheme.colour("h" + i)))
                    .as("text on tenth %d", i)
                    .isGreaterThanOrEqualTo(4.5);
        }
    }

    @ParameterizedTest
    @EnumSource
    void markersContrastWithThePaper(Scheme scheme) {
        for (int i = 0; i < SeriesStyle.COUNT; i++) {
            assertThat(contrast(scheme.colour("s" + i), scheme.colour("paper")))
                    .as("series %d", i)
                    .isGreaterThanOrEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everybodyTellsTheSeriesApart(Scheme scheme) {
        for (Vision vision : Vision.values()) {
            for (int i = 0; i < SeriesStyle.COUNT; i++) {
                for (int j = 0; j < i; j++) {
                    double[] a = vision.seen(scheme.colour("s" + i));
                    double[] b = vision.seen(scheme.colour("s" + j));
                    double distance = Math.hypot(Math.hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
                    assertThat(distance)
                            .as("series %d and %d, %s", i, j, vision)
                            .isGreaterThan(0.08);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void tenthsAreOrderedByLightnessForEverybody(Scheme scheme) {
        for (Vision vision : Vision.values()) {
            double sign = scheme == Scheme.LIGHT ? -1 : 1;
            for (int i = 1; i < HeatMapDrawing.COLOURS; i++) {
                double before = vision.seen(scheme.colour("h" + (i - 1)))[0];
                double after = vision.seen(scheme.colour("h" + i))[0];
                assertThat(sign * (after - before)).as("tenth %d", i).isGreaterThan(0.02);
            }
        }
    }

    @Test
    void olderBrowsersGetTheLightColours() {
        Map<String, double[]> light = Scheme.LIGHT.colours();
        Matcher matcher = PLAIN.matcher(CSS);
        int count = 0;
        while (matcher.find()) {
            assertThat(linear(matcher.group(2))).isEqualTo(light.get(matcher.group(1)));
            count++;
        }
        assertThat(count).isEqualTo(light.size()).isGreaterThan(25);
    }

    @Test
    void fetchesNothing() {
        assertThat(CSS).doesNotContain("url(", "@import", "http:", "https:", "</");
    }
}
