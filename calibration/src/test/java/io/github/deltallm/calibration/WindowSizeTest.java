package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowSizeTest {
    @Test
    void percentagesAreOfThePromptButAtLeast32() {
        WindowSize window = WindowSize.parse("5%");
        assertThat(window.of(1024)).isEqualTo(51);
        assertThat(window.of(100)).isEqualTo(32);
        assertThat(window.of(1050)).as("half to even").isEqualTo(52);
        assertThat(WindowSize.parse("7").of(1024)).isEqualTo(7);
        assertThat(window).hasToString("5%");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-3", "%", "0%", "101%", "x", "1.5", "NaN%"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> WindowSize.parse(text))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("'" + text + "'");
    }
}
