package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.Random;

class ThresholdCurvesTest {
    private static final int DIM = 3;
    private static final float[] LARGEST = {1, 2, 0};

    private final Random random = new Random(7);

    private float[] walk(int length) {
        float[] rows = new float[length * DIM];
        for (int i = DIM; i < rows.length; i++) {
            float largest = LARGEST[i % DIM];
            float next = rows[i - DIM] + 0.2f * largest * (float) random.nextGaussian();
            rows[i] = Math.clamp(next, -largest, largest);
        }
        return rows;
    }

    private float[] positive(int length) {
        float[] rows = new float[length * DIM];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = random.nextFloat();
        }
        return rows;
    }

    @Test
    void countsAndCostsAreThoseOfTheRule() {
        ThresholdCurves curves = new ThresholdCurves(LARGEST);
        float[][] keys = {walk(40), walk(17)};
        float[][] weights = {positive(40), positive(17)};
        for (int s = 0; s < keys.length; s++) {
            curves.add(keys[s], weights[s]);
        }
        assertThat(curves.rows()).isEqualTo(57);
        for (int c = 0; c < DIM; c++) {
            double[] cost = new double[ThresholdCurves.STEPS];
            for (int step = 0; step < ThresholdCurves.STEPS; step++) {
                float threshold = curves.threshold(c, step);
                long unchanged = 0;
                for (int s = 0; s < keys.length; s++) {
                    float reference = keys[s][c];
                    for (int j = 1; j < keys[s].length / DIM; j++) {
                        float key = keys[s][j * DIM + c];
                        if (Math.abs(key - reference) > threshold) {
                            reference = key;
                        } else {
                            unchanged++;
                        }
                        cost[step] += weights[s][j * DIM + c] * Math.pow(key - reference, 2);
                    }
                }
                assertThat(curves.unchanged(c, step)).isEqualTo(unchanged);
            }
            for (int step = 0; step < ThresholdCurves.STEPS; step++) {
                double expected = geometricMean(cost, step);
                assertThat(curves.cost(c, step))
                        .isCloseTo(expected, within(1e-9 + 1e-5 * expected));
            }
        }
    }

    /** Over the step and up to four on either side, as many here as there, none of them 0. */
    private static double geometricMean(double[] cost, int step) {
        int reach = Math.min(4, Math.min(step, cost.length - 1 - step));
        while (reach > 0 && (cost[step - reach] == 0 || cost[step + reach] == 0)) {
            reach--;
        }
        double product = 1;
        for (int near = step - reach; near <= step + reach; near++) {
            product *= Math.pow(cost[near], 1.0 / (2 * reach + 1));
        }
        return product;
    }

    @Test
    void theLadderEndsWhereNothingChanges() {
        ThresholdCurves curves = new ThresholdCurves(LARGEST);
        curves.add(walk(100), positive(100));
        int last = ThresholdCurves.STEPS - 1;
        assertThat(curves.threshold(1, last)).isCloseTo(4, within(1e-3f));
        assertThat(curves.unchanged(0, last)).isEqualTo(99);
        assertThat(curves.unchanged(0, 0)).isLessThan(50);
    }

    @Test
    void aChannelWithoutValuesCostsNothing() {
        ThresholdCurves curves = new ThresholdCurves(LARGEST);
        float[] keys = walk(20);
        float[] weights = new float[keys.length];
        Arrays.fill(weights, 1);
        curves.add(keys, weights);
        assertThat(curves.unchanged(2, 0)).isEqualTo(19);
        assertThat(curves.cost(2, 0)).isZero();
    }
}
