package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.util.Random;

class PredictionsTest {
    private final Random random = new Random(3);

    @ParameterizedTest
    @ValueSource(ints = {3, 500, 4000})
    void divergenceIsThatOfTheWholeDistributionsOrLess(int vocabulary) {
        float[] dense = logits(vocabulary, 3);
        float[] other = dense.clone();
        for (int i = 0; i < vocabulary; i++) {
            other[i] += 0.1f * (float) random.nextGaussian();
        }
        Predictions predictions = new Predictions(new int[] {0, 2}, vocabulary);
        double nll = predictions.keep(0, MemorySegment.ofArray(dense));
        Predictions.Comparison same = predictions.compare(0, MemorySegment.ofArray(dense));
        Predictions.Comparison found = predictions.compare(0, MemorySegment.ofArray(other));
        double exact = 0;
        for (int i = 0; i < vocabulary; i++) {
            double log = log(dense, i);
            exact += Math.exp(log) * (log - log(other, i));
        }
        assertThat(nll).isCloseTo(-log(dense, 2), within(1e-5));
        assertThat(same.nll()).isEqualTo(nll);
        assertThat(same.divergence()).isCloseTo(0, within(1e-6));
        assertThat(found.nll()).isCloseTo(-log(other, 2), within(1e-5));
        assertThat(found.divergence()).isBetween(0.8 * exact, exact + 1e-6);
    }

    @Test
    void logitsThatAreNoNumbersAreRefused() {
        Predictions predictions = new Predictions(new int[] {0, 1}, 3);
        MemorySegment damaged = MemorySegment.ofArray(new float[] {0, Float.NaN, 1});
        assertThatThrownBy(() -> predictions.keep(0, damaged))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("not finite");
    }

    private float[] logits(int count, double spread) {
        float[] logits = new float[count];
        for (int i = 0; i < count; i++) {
            logits[i] = (float) (spread * random.nextGaussian());
        }
        return logits;
    }

    private static double log(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        return logits[id] - Math.log(sum);
    }
}
