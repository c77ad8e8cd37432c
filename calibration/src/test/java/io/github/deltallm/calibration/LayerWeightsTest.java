package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.List;

class LayerWeightsTest {
    @Test
    void firstLayersTheLastOneAndEveryThirdAreMeasured() {
        assertThat(LayerWeights.measured(1)).containsExactly(0);
        assertThat(LayerWeights.measured(5)).containsExactly(0, 1, 2, 3, 4);
        assertThat(LayerWeights.measured(13)).containsExactly(0, 1, 2, 3, 6, 9, 12);
    }

    @Test
    void betweenThemTheLogarithmIsInterpolated() {
        double[] weights =
                LayerWeights.interpolated(
                        List.of(0, 1, 4), new double[] {Math.log(9), Math.log(8), 0}, 5);
        assertThat(weights).containsExactly(new double[] {9, 8, 4, 2, 1}, within(1e-12));
    }
}
