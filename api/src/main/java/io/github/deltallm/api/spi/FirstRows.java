package io.github.deltallm.api.spi;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

/**
 * For backends: the numbers of a delta encoding that come from the first rows of a sequence, where
 * none are given; see {@link Encoding.Delta}. They decide which changes are transmitted, so all
 * backends must find the same ones to the last bit.
 *
 * @param steps the step of each channel; empty unless events are INT8
 * @param sigma what thresholds are multiples of; 1 unless they are relative
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FirstRows(float[] steps, float sigma) {
    /**
     * Given numbers, and those of the rows where there are none.
     *
     * @param rows {@code [FIRST_ROWS, dim]}, as the store rounds them
     */
    public static FirstRows of(Encoding.Delta encoding, float[] rows, int dim) {
        float[] steps = {};
        if (encoding.events() == Encoding.Events.INT8) {
            steps = encoding.steps().length > 0 ? encoding.steps() : steps(rows, dim);
        }
        return new FirstRows(steps, encoding.relative() ? sigma(rows, dim) : 1);
    }

    /** {@code 2 max|row[c]| / 127}, written so that it is never infinite. */
    private static float[] steps(float[] rows, int dim) {
        float[] steps = new float[dim];
        for (int i = 0; i < FIRST_ROWS * dim; i++) {
            steps[i % dim] = Math.max(steps[i % dim], Math.abs(rows[i]));
        }
        for (int c = 0; c < dim; c++) {
            steps[c] /= 63.5f;
        }
        return steps;
    }

    /** The standard deviation over all channels, in double precision. */
    private static float sigma(float[] rows, int dim) {
        double sum = 0;
        for (int i = 0; i < FIRST_ROWS * dim; i++) {
            sum += rows[i];
        }
        double mean = sum / (FIRST_ROWS * dim);
        double squares = 0;
        for (int i = 0; i < FIRST_ROWS * dim; i++) {
            squares += (rows[i] - mean) * (rows[i] - mean);
        }
        return (float) Math.sqrt(squares / (FIRST_ROWS * dim));
    }
}
