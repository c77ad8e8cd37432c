package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.evaluation.result.Difference;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.Random;

class PairedTestTest {

    /**
     * {@code better} items go from wrong to right, {@code worse} the other way, others stay right.
     */
    private static Difference changed(int better, int worse, int others) {
        double[] scores = new double[better + worse + others];
        double[] dense = new double[scores.length];
        Arrays.fill(scores, 1);
        Arrays.fill(dense, 1);
        Arrays.fill(dense, 0, better, 0);
        Arrays.fill(scores, better, better + worse, 0);
        return PairedTest.of(Metric.equal(scores), Metric.equal(dense));
    }

    /** Two-sided exact binomial probabilities, from tables. */
    @Test
    void mcNemarIsExact() {
        assertThat(changed(2, 8, 90).pValue()).isCloseTo(0.109375, within(1e-12));
        assertThat(changed(1, 9, 5).pValue()).isCloseTo(0.021484375, within(1e-12));
        assertThat(changed(5, 5, 0).pValue()).isEqualTo(1);
        assertThat(changed(0, 5, 95).pValue()).isCloseTo(0.0625, within(1e-12));
        assertThat(changed(0, 6, 94).pValue()).isCloseTo(0.03125, within(1e-12));
        assertThat(changed(0, 0, 10).pValue()).isEqualTo(1);
    }

    @Test
    void aDifferenceIsInNoiseUntilItsProbabilityFallsBelowFivePercent() {
        assertThat(changed(0, 5, 95).inNoise()).isTrue();
        assertThat(changed(0, 6, 94).inNoise()).isFalse();
    }

    @Test
    void differencesAndTheirErrorsAreThoseOfPairs() {
        Difference difference = changed(2, 8, 90);

        assertThat(difference.value()).isCloseTo(-0.06, within(1e-12));
        // Variance of 2 times +1, 8 times -1, 90 times 0: (10 - 100 * 0.0036) / 99.
        assertThat(difference.stderr()).isCloseTo(Math.sqrt(9.64 / 99 / 100), within(1e-12));
        assertThat(difference.low()).isBetween(-0.14, -0.10);
        assertThat(difference.high()).isBetween(-0.02, 0.02);
    }

    @Test
    void theBootstrapIntervalOfManyNormalNumbersIsTheNormalOne() {
        Random random = new Random(1);
        double[] scores = new double[1000];
        Arrays.setAll(scores, i -> 0.1 + random.nextGaussian());
        Observations all = Metric.equal(scores);
        Difference difference = PairedTest.of(all, Metric.equal(new double[1000]));

        assertThat(difference.low())
                .isCloseTo(all.mean() - 1.96 * all.stderr(), within(0.2 * all.stderr()));
        assertThat(difference.high())
                .isCloseTo(all.mean() + 1.96 * all.stderr(), within(0.2 * all.stderr()));
    }

    @Test
    void theSameItemsGiveTheSameInterval() {
        assertThat(changed(3, 7, 40)).isEqualTo(changed(3, 7, 40));
    }

    @Test
    void aSingleItemSaysNothing() {
        Difference difference = changed(1, 0, 0);

        assertThat(difference.value()).isEqualTo(1);
        assertThat(difference.pValue()).isNaN();
        assertThat(difference.inNoise()).isTrue();
    }

    @Test
    void standardErrorsOfAccuraciesAreThoseOfAMean() {
        Observations observations = Metric.equal(new double[] {1, 1, 0, 1});

        assertThat(observations.mean()).isEqualTo(0.75);
        assertThat(observations.stderr()).isCloseTo(0.25, within(1e-12));
    }

    /** Of parts with 10 and 30 tokens: the mean a token, and how it varies from part to part. */
    @Test
    void partsCountByTheirTokens() {
        Observations observations = new Observations(new double[] {20, 30}, new double[] {10, 30});

        assertThat(observations.mean()).isEqualTo(1.25);
        // Residuals 20 - 12.5 and 30 - 37.5: sqrt(2 * (7.5^2 + 7.5^2)) / 40.
        assertThat(observations.stderr()).isCloseTo(15.0 / 40, within(1e-12));
    }
}
