package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {
    @Test
    void decimalsAreFixed() {
        assertThat(Numbers.fixed(1234567.125, 2)).isEqualTo("1,234,567.13");
        assertThat(Numbers.fixed(2.675, 2)).isEqualTo("2.68");
        assertThat(Numbers.fixed(-3, 1)).isEqualTo("−3.0");
        assertThat(Numbers.fixed(-0.04, 1)).isEqualTo("0.0");
        assertThat(Numbers.count(Long.MAX_VALUE)).isEqualTo("9,223,372,036,854,775,807");
    }

    @Test
    void signsAreShownUnlessItIsZero() {
        assertThat(Numbers.signed(0.25, 1)).isEqualTo("+0.3");
        assertThat(Numbers.signed(-0.25, 1)).isEqualTo("−0.3");
        assertThat(Numbers.signed(0.04, 1)).isEqualTo("0.0");
        assertThat(Numbers.signedPercent(0.005, 1)).isEqualTo("+0.5\u202f%");
        assertThat(Numbers.percent(0.6129, 1)).isEqualTo("61.3\u202f%");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0.0001, 0.0001",
        "0.000123456, 0.000123",
        "3.14159, 3.14",
        "50, 50",
        "99.96, 100",
        "1234.56, '1,235'",
        "-20.04, −20"
    })
    void briefNumbersHaveThreeDigits(double value, String text) {
        assertThat(Numbers.brief(value)).isEqualTo(text);
    }

    @Test
    void whatIsNotFiniteIsRefused() {
        assertThatThrownBy(() -> Numbers.fixed(Double.NaN, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Cell.decimal(Double.NaN, 1).shown()).isEqualTo("not a number");
        assertThat(Cell.decimal(Double.NaN, 1).plain()).isEmpty();
    }
}
