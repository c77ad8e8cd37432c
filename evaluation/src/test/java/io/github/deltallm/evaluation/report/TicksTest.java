package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.Scale.Kind.LINEAR;
import static io.github.deltallm.evaluation.report.Scale.Kind.POWERS_OF_TEN;
import static io.github.deltallm.evaluation.report.Scale.Kind.POWERS_OF_TWO;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

class TicksTest {
    private static String marks(Scale.Kind kind, double from, double to, int about) {
        Ticks ticks = Ticks.within(kind, from, to, about);
        return ticks.values().stream()
                .map(value -> Numbers.fixed(value, ticks.decimals()))
                .collect(Collectors.joining(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 100, 5, 0 20 40 60 80 100",
        "0, 1, 5, 0.0 0.2 0.4 0.6 0.8 1.0",
        "-0.5, 2, 5, −0.5 0.0 0.5 1.0 1.5 2.0",
        "3, 7, 4, 3 4 5 6 7",
        "44.8, 45.4, 6, 44.8 44.9 45.0 45.1 45.2 45.3 45.4",
        "0.0021, 0.0049, 3, 0.003 0.004",
        "0, 10, 1, 0 10",
    })
    void linearMarksAreRound(double from, double to, int about, String marks) {
        assertThat(marks(LINEAR, from, to, about)).isEqualTo(marks);
    }

    @Test
    void logarithmicMarksArePowers() {
        assertThat(marks(POWERS_OF_TWO, 1, 17, 8)).isEqualTo("1 2 4 8 16");
        assertThat(marks(POWERS_OF_TWO, 1, 1100, 5)).isEqualTo("1 8 64 512");
        assertThat(Ticks.within(POWERS_OF_TEN, 1e-5, 1, 8).values())
                .containsExactly(1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0);
    }

    @Test
    void withinOnePowerThereAreLinearMarks() {
        assertThat(marks(POWERS_OF_TEN, 2, 5, 4)).isEqualTo("2 3 4 5");
    }

    @Test
    void marksLieInTheRangeWhateverItIs() {
        Random random = new Random(3);
        for (int trial = 0; trial < 2000; trial++) {
            double from = random.nextGaussian() * Math.pow(10, random.nextInt(-6, 7));
            double range = random.nextDouble(1e-3, 1) * Math.pow(10, random.nextInt(-3, 7));
            List<Double> values = Ticks.within(LINEAR, from, from + range, 5).values();
            assertThat(values).hasSizeBetween(1, 7).isSorted();
            assertThat(values.getFirst()).isGreaterThanOrEqualTo(from - 1e-6 * range);
            assertThat(values.getLast()).isLessThanOrEqualTo(from + range + 1e-6 * range);
        }
    }

    @Test
    void rangesThatAreNotFiniteAreRefused() {
        assertThatThrownBy(() -> Ticks.within(LINEAR, 0, Double.NaN, 5))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
