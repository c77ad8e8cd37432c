package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.List;

class HeadStatisticsTest {
    @Test
    void largestMagnitudesAndSigmaAreOverAllSequences() {
        HeadStatistics statistics = new HeadStatistics(2);
        float[] queries = {1, 1, 1, 1, 1, 1};
        statistics.add(
                List.of(queries),
                new float[] {1, -5, 2, 0, 3, 0},
                new float[] {1, 2, 3, 4, 5, 6},
                1,
                1);
        statistics.add(
                List.of(queries),
                new float[] {-4, 1, 2, 0, 3, 0},
                new float[] {0, 0, 0, 0, 0, -9},
                1,
                1);
        assertThat(statistics.largestKey()).containsExactly(4, 5);
        assertThat(statistics.largestValue()).containsExactly(5, 9);
        // twelve values with sum 12 and sum of squares 172
        assertThat(statistics.valueSigma()).isCloseTo(Math.sqrt(172 / 12.0 - 1), within(1e-9));
        assertThat(statistics.curves().rows()).isEqualTo(6);
    }
}
