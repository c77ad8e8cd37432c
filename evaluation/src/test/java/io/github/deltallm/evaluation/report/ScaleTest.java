package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.Scale.Kind.LINEAR;
import static io.github.deltallm.evaluation.report.Scale.Kind.POWERS_OF_TEN;
import static io.github.deltallm.evaluation.report.Scale.Kind.POWERS_OF_TWO;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScaleTest {
    @Test
    void equalDifferencesAreEqualDistances() {
        Scale scale = new Scale(LINEAR, 10, 20, 100, 300);
        assertThat(scale.at(10)).isEqualTo(100);
        assertThat(scale.at(15)).isEqualTo(200);
        assertThat(scale.at(20)).isEqualTo(300);
        assertThat(scale.at(25)).isEqualTo(400);
    }

    @Test
    void equalRatiosAreEqualDistances() {
        Scale scale = new Scale(POWERS_OF_TWO, 1, 16, 0, 400);
        assertThat(scale.at(2)).isCloseTo(100, within(1e-9));
        assertThat(scale.at(8)).isCloseTo(300, within(1e-9));
    }

    @Test
    void valuesMayGrowUpwards() {
        Scale scale = new Scale(LINEAR, 0, 1, 300, 0);
        assertThat(scale.at(1)).isEqualTo(0);
        assertThat(scale.at(0.25)).isEqualTo(225);
    }

    @Test
    void clampedValuesStayOnTheLine() {
        Scale scale = new Scale(LINEAR, 0, 1, 0, 100);
        assertThat(scale.clamped(-3)).isEqualTo(0);
        assertThat(scale.clamped(7)).isEqualTo(100);
        assertThat(scale.contains(1)).isTrue();
        assertThat(scale.contains(1.01)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void whatIsNotFiniteIsRefused(double value) {
        Scale scale = new Scale(LINEAR, 0, 1, 0, 100);
        assertThatThrownBy(() -> scale.at(value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(String.valueOf(value));
        assertThatThrownBy(() -> new Scale(LINEAR, 0, value, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Point(0, 0, value, false, "", ""))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Reference("", value, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anEmptyOrImpossibleScaleIsRefused() {
        assertThatThrownBy(() -> new Scale(LINEAR, 1, 1, 0, 1)).hasMessageContaining("empty");
        assertThatThrownBy(() -> new Scale(POWERS_OF_TEN, 0, 1, 0, 1))
                .hasMessageContaining("logarithmic");
        Scale scale = new Scale(POWERS_OF_TEN, 1, 10, 0, 1);
        assertThatThrownBy(() -> scale.at(-1)).hasMessageContaining("logarithmic");
    }
}
