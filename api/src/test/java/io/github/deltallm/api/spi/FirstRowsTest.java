package io.github.deltallm.api.spi;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;

import org.junit.jupiter.api.Test;

class FirstRowsTest {
    private static final int DIM = 2;

    private static Encoding.Delta delta(boolean relative, Events events, float... steps) {
        return new Encoding.Delta(new float[] {1}, relative, events, steps, Store.F32);
    }

    /** Channel 0 is 3 and -3 in turns, channel 1 is 1 always. */
    private static float[] rows() {
        float[] rows = new float[FIRST_ROWS * DIM];
        for (int row = 0; row < FIRST_ROWS; row++) {
            rows[row * DIM] = row % 2 == 0 ? 3 : -3;
            rows[row * DIM + 1] = 1;
        }
        return rows;
    }

    @Test
    void stepsSpreadTwiceTheLargestMagnitudeOverABytesRange() {
        FirstRows first = FirstRows.of(delta(false, Events.INT8), rows(), DIM);
        assertThat(first.steps()).containsExactly(6f / 127, 2f / 127);
        assertThat(first.sigma()).isOne();
    }

    @Test
    void givenStepsStay() {
        FirstRows first = FirstRows.of(delta(false, Events.INT8, 0.5f, 0.25f), rows(), DIM);
        assertThat(first.steps()).containsExactly(0.5f, 0.25f);
        assertThat(FirstRows.of(delta(true, Events.BF16), rows(), DIM).steps()).isEmpty();
    }

    @Test
    void sigmaIsTheStandardDeviationOverAllChannels() {
        FirstRows first = FirstRows.of(delta(true, Events.F32), rows(), DIM);
        // Mean 1/2, mean of squares 5.
        assertThat(first.sigma()).isCloseTo((float) Math.sqrt(5 - 0.25), within(1e-6f));
    }

    @Test
    void stepOfTheLargestNumberIsFinite() {
        float[] rows = rows();
        rows[7] = -Float.MAX_VALUE;
        FirstRows first = FirstRows.of(delta(false, Events.INT8), rows, DIM);
        assertThat(first.steps()[1]).isFinite().isCloseTo(Float.MAX_VALUE / 63.5f, within(1e30f));
    }
}
