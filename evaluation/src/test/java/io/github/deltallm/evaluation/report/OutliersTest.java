package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class OutliersTest {
    @Test
    void whatIsFarFromTheOthersIsLeftOut() {
        assertThat(Outliers.without(List.of(0.0, 0.2, -0.3, 0.5, 1.1, 2.0, 38.0), 1))
                .containsExactly(0.0, 0.2, -0.3, 0.5, 1.1, 2.0);
    }

    @Test
    void whatIsNearIsNeverFar() {
        assertThat(Outliers.without(List.of(0.0, 0.0, 0.0, 0.9), 1)).hasSize(4);
    }

    @Test
    void oneValueOrNoneStays() {
        assertThat(Outliers.without(List.of(), 1)).isEmpty();
        assertThat(Outliers.without(List.of(400.0), 1)).containsExactly(400.0);
    }
}
