package io.github.deltallm.backend.tornado;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.spi.Encoding;

/**
 * What is fixed from the first rows of a stream, on the host: in double precision, which not every
 * device has.
 *
 * @param steps of each channel; none unless events are INT8
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record FirstRows(float[] steps, float sigma) {
    /**
     * From the rows as their store rounds them.
     *
     * @param rows {@code [FIRST_ROWS, dim]}
     */
    static FirstRows of(Encoding.Delta encoding, float[] rows, int dim) {
        float[] steps = {};
        if (encoding.events() == Encoding.Events.INT8) {
            steps = encoding.steps().length > 0 ? encoding.steps() : steps(rows, dim);
        }
        return new FirstRows(steps, encoding.relative() ? sigma(rows) : 1);
    }

    /** {@code 2 max|row[c]| / 127}, written so that it is never infinite. */
    private static float[] steps(float[] rows, int dim) {
        float[] steps = new float[dim];
        for (int i = 0; i < FIRST_ROWS * dim; i++) {
            steps[i % dim] = Math.max(steps[i % dim], Math.abs(rows[i]));
        }
        for (int c = 0; c < dim; c++) {
            steps[c] = steps[c] / 63.5f;
        }
        return steps;
    }

    private static float sigma(float[] rows) {
        double sum = 0;
        for (float value : rows) {
            sum += value;
        }
        double mean = sum / rows.length;
        double squares = 0;
        for (float value : rows) {
            squares += (value - mean) * (value - mean);
        }
        return (float) Math.sqrt(squares / rows.length);
    }
}
