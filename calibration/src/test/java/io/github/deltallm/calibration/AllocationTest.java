package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class AllocationTest {
    private static final int DIM = 4;
    private static final int LENGTH = 200;

    private final Random random = new Random(11);

    private List<ThresholdCurves> heads(int count) {
        List<ThresholdCurves> heads = new ArrayList<>();
        for (int head = 0; head < count; head++) {
            float[] keys = new float[LENGTH * DIM];
            float[] sensitivity = new float[keys.length];
            for (int i = 0; i < keys.length; i++) {
                keys[i] = (float) random.nextGaussian();
                sensitivity[i] = (1 + i % DIM) * random.nextFloat();
            }
            ThresholdCurves curves = new ThresholdCurves(new float[] {3, 3, 3, 3});
            curves.add(keys, sensitivity);
            heads.add(curves);
        }
        return heads;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 0.8, 0.95})
    void givesWhatIsAskedForOrALittleLess(double zeros) {
        Allocation.Choice choice = Allocation.even(heads(3)).leaving(zeros);
        assertThat(choice.zeroFraction()).isLessThanOrEqualTo(zeros).isCloseTo(zeros, within(0.05));
    }

    @Test
    void noOtherChoiceOfAsManyZerosIsCheaper() {
        List<ThresholdCurves> heads = heads(2);
        Allocation allocation = new Allocation(heads, new double[] {1, 10});
        Allocation.Choice best = allocation.leaving(0.6);
        long zeros = unchanged(heads, best.steps());
        for (int trial = 0; trial < 20_000; trial++) {
            int[][] steps = new int[2][DIM];
            for (int head = 0; head < 2; head++) {
                for (int c = 0; c < DIM; c++) {
                    int near = best.steps()[head][c] + random.nextInt(9) - 4;
                    steps[head][c] = Math.clamp(near, 0, ThresholdCurves.STEPS - 1);
                }
            }
            if (unchanged(heads, steps) >= zeros) {
                assertThat(allocation.cost(new Allocation.Choice(steps, 0)))
                        .isGreaterThanOrEqualTo(allocation.cost(best) * (1 - 1e-12));
            }
        }
    }

    @Test
    void aHeavierHeadGetsSmallerThresholds() {
        List<ThresholdCurves> heads = heads(1);
        List<ThresholdCurves> twice = List.of(heads.getFirst(), heads.getFirst());
        Allocation allocation = new Allocation(twice, new double[] {1, 10});
        float[][] thresholds = allocation.thresholds(allocation.leaving(0.5));
        for (int c = 0; c < DIM; c++) {
            assertThat(thresholds[1][c]).isLessThan(thresholds[0][c]);
        }
    }

    private static long unchanged(List<ThresholdCurves> heads, int[][] steps) {
        long sum = 0;
        for (int head = 0; head < steps.length; head++) {
            for (int c = 0; c < steps[head].length; c++) {
                sum += heads.get(head).unchanged(c, steps[head][c]);
            }
        }
        return sum;
    }
}
