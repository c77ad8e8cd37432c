package io.github.deltallm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;

class SamplerTest {
    private static final int[] NO_HISTORY = {};

    @Test
    void greedyTakesTheLargestLogitAndTheSmallestIdAmongEquals() {
        Sampler sampler = new Sampler(Sampling.GREEDY, 4);
        assertThat(sampler.draw(new float[] {1, 3, 3, 2}, NO_HISTORY, 0)).isEqualTo(1);
    }

    @Test
    void topKOneIsGreedyWhateverTheTemperature() {
        Sampler sampler = new Sampler(new Sampling(5, 1, 1, 0, 1, 7), 4);
        for (int i = 0; i < 100; i++) {
            assertThat(sampler.draw(new float[] {1, 2, 4, 3}, NO_HISTORY, 0)).isEqualTo(2);
        }
    }

    @Test
    void drawnFrequenciesFollowTheSoftmax() {
        Sampler sampler = new Sampler(new Sampling(1, 0, 1, 0, 1, 42), 3);
        float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
        int[] seen = frequencies(sampler, logits, 20_000);
        // Standard deviation of a frequency is at most sqrt(0.25 / 20000) = 0.0036; five of them.
        assertThat(seen[0] / 20_000.0).isBetween(0.482, 0.518);
        assertThat(seen[1] / 20_000.0).isBetween(0.282, 0.318);
        assertThat(seen[2] / 20_000.0).isBetween(0.182, 0.218);
    }

    @Test
    void temperatureSharpensOrFlattensTheDistribution() {
        float[] logits = {0, (float) Math.log(3)};
        int[] cold = frequencies(new Sampler(new Sampling(0.5f, 0, 1, 0, 1, 1), 2), logits, 20_000);
        // softmax of logits divided by 0.5: odds 9 to 1
        assertThat(cold[1] / 20_000.0).isBetween(0.885, 0.915);
    }

    @Test
    void topPKeepsTheFewestTokensThatReachIt() {
        float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.2)};
        int[] seen = frequencies(new Sampler(new Sampling(1, 0, 0.75f, 0, 1, 3), 3), logits, 5_000);
        assertThat(seen[2]).isZero();
        assertThat(seen[1]).isPositive();
        int[] one = frequencies(new Sampler(new Sampling(1, 0, 0.4f, 0, 1, 3), 3), logits, 1_000);
        assertThat(one[0]).isEqualTo(1_000);
    }

    @Test
    void minPDropsTokensFarBelowTheMostLikelyOne() {
        float[] logits = {(float) Math.log(0.6), (float) Math.log(0.35), (float) Math.log(0.05)};
        int[] seen = frequencies(new Sampler(new Sampling(1, 0, 1, 0.5f, 1, 3), 3), logits, 5_000);
        assertThat(seen[2]).isZero();
        assertThat(seen[1]).isPositive();
    }

    @Test
    void repeatPenaltyDividesPositiveAndMultipliesNegativeLogitsOnce() {
        Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 2, 0), 3);
        assertThat(sampler.draw(new float[] {4, 2.5f, 1}, new int[] {0, 0}, 2)).isEqualTo(1);
        assertThat(sampler.draw(new float[] {-1, -1.5f, -9}, new int[] {0}, 1)).isEqualTo(1);
        // penalised twice, 4 would fall to 1 and lose against 1.5
        assertThat(sampler.draw(new float[] {4, 1.5f, 1}, new int[] {0, 0}, 2)).isEqualTo(0);
    }

    @Test
    void repeatPenaltyForgetsTokensBeforeTheLastSixtyFour() {
        Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 10, 0), 3);
        int[] history = new int[65];
        java.util.Arrays.fill(history, 2);
        history[0] = 0;
        assertThat(sampler.draw(new float[] {4, 3, 5}, history, 65)).isEqualTo(0);
    }

    @Test
    void theSameSeedDrawsTheSameTokens() {
        float[] logits = gaussian(1_000);
        Sampler one = new Sampler(new Sampling(1, 40, 0.95f, 0, 1, 99), 1_000);
        Sampler two = new Sampler(new Sampling(1, 40, 0.95f, 0, 1, 99), 1_000);
        for (int i = 0; i < 200; i++) {
            assertThat(one.draw(logits, NO_HISTORY, 0)).isEqualTo(two.draw(logits, NO_HISTORY, 0));
        }
    }

    @Test
    void topKDrawsOnlyTheKLargest() {
        float[] logits = gaussian(500);
        float[] sorted = logits.clone();
        java.util.Arrays.sort(sorted);
        Sampler sampler = new Sampler(new Sampling(3, 10, 1, 0, 1, 5), 500);
        Map<Integer, Integer> seen = new HashMap<>();
        for (int i = 0; i < 2_000; i++) {
            seen.merge(sampler.draw(logits, NO_HISTORY, 0), 1, Integer::sum);
        }
        assertThat(seen).hasSize(10);
        assertThat(seen.keySet()).allMatch(token -> logits[token] >= sorted[490]);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void logitsThatAreNoNumbersAreRefused(float wrong) {
        Sampler sampler = new Sampler(Sampling.GREEDY, 3);
        assertThatThrownBy(() -> sampler.draw(new float[] {0, wrong, 1}, NO_HISTORY, 0))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("not finite");
    }

    @Test
    void settingsOutOfRangeAreRefusedByName() {
        assertThatThrownBy(() -> new Sampling(-1, 0, 1, 0, 1, 0))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("temperature");
        assertThatThrownBy(() -> new Sampling(1, 0, 0, 0, 1, 0)).hasMessageContaining("top-p");
        assertThatThrownBy(() -> new Sampling(1, 0, 1, Float.NaN, 1, 0))
                .hasMessageContaining("min-p");
    }

    private static int[] frequencies(Sampler sampler, float[] logits, int draws) {
        int[] seen = new int[logits.length];
        for (int i = 0; i < draws; i++) {
            seen[sampler.draw(logits, NO_HISTORY, 0)]++;
        }
        return seen;
    }

    private static float[] gaussian(int length) {
        Random random = new Random(1);
        float[] logits = new float[length];
        for (int i = 0; i < length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        return logits;
    }
}
