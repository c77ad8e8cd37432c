package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;

class KeySensitivityTest {
    private static final int DIM = 6;
    private static final int LENGTH = 29;
    private static final float SCALE = 0.4f;

    private final Random random = new Random(5);
    private final float[] keys = gaussian();
    private final float[] values = gaussian();
    private final float[] queries = gaussian();

    private float[] gaussian() {
        float[] rows = new float[LENGTH * DIM];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 28})
    void equalsItsDefinition(int window) {
        KeySensitivity sensitivity = new KeySensitivity(keys, values, DIM, SCALE);
        sensitivity.add(queries, window);
        for (int j = 0; j < LENGTH; j++) {
            for (int c = 0; c < DIM; c++) {
                double expected = definition(j, c, window);
                assertThat((double) sensitivity.sums()[j * DIM + c])
                        .as("key %d, channel %d", j, c)
                        .isCloseTo(expected, within(1e-5 + 1e-4 * expected));
            }
        }
    }

    @Test
    void predictsWhatASmallErrorDoesToTheOutputs() {
        int key = 3;
        int channel = 2;
        int window = 5;
        double error = 1e-3;
        KeySensitivity sensitivity = new KeySensitivity(keys, values, DIM, SCALE);
        sensitivity.add(queries, window);
        double change = 0;
        for (int i = key + window; i < LENGTH; i++) {
            double[] exact = output(i, keys);
            float[] wrong = keys.clone();
            wrong[key * DIM + channel] += (float) error;
            double[] other = output(i, wrong);
            for (int c = 0; c < DIM; c++) {
                change += (other[c] - exact[c]) * (other[c] - exact[c]);
            }
        }
        double predicted = sensitivity.sums()[key * DIM + channel] * error * error;
        assertThat(predicted / change).isCloseTo(1, within(0.02));
    }

    private double definition(int j, int c, int window) {
        double sum = 0;
        for (int i = j + window; i < LENGTH; i++) {
            double p = probabilities(i, keys)[j];
            double[] output = output(i, keys);
            double distance = 0;
            for (int e = 0; e < DIM; e++) {
                distance += Math.pow(values[j * DIM + e] - output[e], 2);
            }
            sum += Math.pow(SCALE * queries[i * DIM + c], 2) * p * p * distance;
        }
        return sum;
    }

    private double[] probabilities(int i, float[] rows) {
        double[] p = new double[i + 1];
        double sum = 0;
        for (int j = 0; j <= i; j++) {
            double score = 0;
            for (int c = 0; c < DIM; c++) {
                score += SCALE * queries[i * DIM + c] * rows[j * DIM + c];
            }
            p[j] = Math.exp(score);
            sum += p[j];
        }
        for (int j = 0; j <= i; j++) {
            p[j] /= sum;
        }
        return p;
    }

    private double[] output(int i, float[] rows) {
        double[] p = probabilities(i, rows);
        double[] output = new double[DIM];
        for (int j = 0; j <= i; j++) {
            for (int c = 0; c < DIM; c++) {
                output[c] += p[j] * values[j * DIM + c];
            }
        }
        return output;
    }
}
