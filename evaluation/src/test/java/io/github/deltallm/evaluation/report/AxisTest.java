package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;

class AxisTest {
    @Test
    void endsAtRoundNumbers() {
        Axis axis = Axis.linear("", "", List.of(0.0, 73.0, 12.0));
        assertThat(axis.from()).isEqualTo(0);
        assertThat(axis.to()).isEqualTo(80);
    }

    @Test
    void withoutValuesGoesFromZeroToOne() {
        Axis axis = Axis.linear("", "", List.of());
        assertThat(axis.from()).isEqualTo(0);
        assertThat(axis.to()).isEqualTo(1);
        assertThat(Axis.logarithmic("", Scale.Kind.POWERS_OF_TWO, List.of()).from()).isPositive();
    }

    @Test
    void oneValueHasRoomOnBothSides() {
        for (double value : new double[] {-7, 0, 0.3, 52}) {
            Axis axis = Axis.linear("", "", List.of(value, value));
            assertThat(axis.from()).isLessThan(value);
            assertThat(axis.to()).isGreaterThan(value);
        }
        Axis axis = Axis.logarithmic("", Scale.Kind.POWERS_OF_TWO, List.of(4.0));
        assertThat(axis.from()).isLessThan(4);
        assertThat(axis.to()).isGreaterThan(4);
    }

    @Test
    void staysWithinWhatIsPossible() {
        Axis axis = Axis.linear("", "", List.of(-0.4, 100.2)).within(0, 100);
        assertThat(axis.from()).isEqualTo(0);
        assertThat(axis.to()).isEqualTo(100);
    }

    @Test
    void labelsCarryTheUnit() {
        Axis percent = Axis.linear("", Axis.PERCENT, List.of(0.0, 2.0));
        assertThat(percent.label(0.5, percent.ticks(5))).isEqualTo("0.5\u202f%");
        Axis frequency = Axis.logarithmic("", Scale.Kind.POWERS_OF_TEN, List.of(1e-4, 1.0));
        assertThat(frequency.label(1e-4, frequency.ticks(5))).isEqualTo("0.0001");
        assertThat(frequency.label(1, frequency.ticks(5))).isEqualTo("1");
    }

    @Test
    void valuesThatAreNotFiniteAreRefused() {
        assertThatThrownBy(() -> Axis.linear("", "", List.of(1.0, Double.NaN)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("NaN");
    }
}
