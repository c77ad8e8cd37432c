package io.github.deltallm.calibration;

import java.util.Arrays;

/**
 * How much an error in a channel of a key costs, judged by the attention that meets it.
 *
 * <p>An error {@code e} in channel c of key j moves the score of query i by {@code scale * q_i[c] *
 * e}, and so its output, to first order, by {@code p_ij (v_j - o_i)} times that. Summed over the
 * queries that see key j encoded, an error {@code e} costs {@code A[j][c] * e^2} with
 *
 * <pre>
 * A[j][c] = sum_i  scale^2  q_i[c]^2  p_ij^2  |v_j - o_i|^2
 * </pre>
 *
 * Errors of different keys and channels are taken as independent. On SmolLM2-135M the divergence of
 * the predictions is proportional to this cost over more than a decade of thresholds, in every
 * layer but the first.
 */
final class KeySensitivity {
    /** Less attention than this is not worth its time: it counts squared. */
    private static final float LEAST_PROBABILITY = 1e-5f;

    /** Exponents further below the largest give less than that. */
    private static final float DEEPEST = -20;

    private final int length;
    private final int dim;
    private final float scale;
    private final float[] values;
    private final float[] keyColumns;
    private final float[] valueColumns;
    private final float[] valueSquares;
    private final float[] sensitivity;
    private final float[] probability;
    private final float[] alignment;
    private final float[] output;

    /**
     * For the keys of one head.
     *
     * @param keys {@code [length, dim]}, rotated
     * @param values as keys
     * @param scale what scores are multiplied with
     */
    KeySensitivity(float[] keys, float[] values, int dim, float scale) {
        this.values = values;
        this.dim = dim;
        this.scale = scale;
        length = keys.length / dim;
        keyColumns = columns(keys);
        valueColumns = columns(values);
        valueSquares = new float[length];
        for (int i = 0; i < keys.length; i++) {
            valueSquares[i / dim] += values[i] * values[i];
        }
        sensitivity = new float[keys.length];
        probability = new float[length];
        alignment = new float[length];
        output = new float[dim];
    }

    private float[] columns(float[] rows) {
        float[] columns = new float[rows.length];
        for (int j = 0; j < length; j++) {
            for (int c = 0; c < dim; c++) {
                columns[c * length + j] = rows[j * dim + c];
            }
        }
        return columns;
    }

    /** The sums so far, {@code [length, dim]}. */
    float[] sums() {
        return sensitivity;
    }

    /**
     * Adds what the queries of one head see.
     *
     * @param queries {@code [length, dim]}, rotated
     * @param window how many of the last keys a query sees exactly
     */
    void add(float[] queries, int window) {
        for (int i = window; i < length; i++) {
            attend(queries, i);
            products(valueColumns, output, 0, i + 1, alignment);
            addQuery(queries, i, i - window + 1);
        }
    }

    /** Leaves the probabilities of keys 0 to i and the output of query i. */
    private void attend(float[] queries, int i) {
        int seen = i + 1;
        products(keyColumns, queries, i * dim, seen, probability);
        float top = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < seen; j++) {
            top = Math.max(top, probability[j]);
        }
        float sum = 0;
        for (int j = 0; j < seen; j++) {
            float exponent = scale * (probability[j] - top);
            probability[j] = exponent < DEEPEST ? 0 : (float) Math.exp(exponent);
            sum += probability[j];
        }
        Arrays.fill(output, 0);
        for (int j = 0; j < seen; j++) {
            float p = probability[j] / sum;
            probability[j] = p;
            if (p > 0) {
                for (int c = 0; c < dim; c++) {
                    output[c] += p * values[j * dim + c];
                }
            }
        }
    }

    /**
     * {@code out[j] = sum_c columns[c][j] * vector[from + c]}, four columns at a time: a sum is
     * then loaded and stored once for four products.
     */
    private void products(float[] columns, float[] vector, int from, int count, float[] out) {
        Arrays.fill(out, 0, count, 0);
        int c = 0;
        for (; c + 3 < dim; c += 4) {
            float factor0 = vector[from + c];
            float factor1 = vector[from + c + 1];
            float factor2 = vector[from + c + 2];
            float factor3 = vector[from + c + 3];
            int column0 = c * length;
            int column1 = column0 + length;
            int column2 = column1 + length;
            int column3 = column2 + length;
            for (int j = 0; j < count; j++) {
                out[j] +=
                        factor0 * columns[column0 + j]
                                + factor1 * columns[column1 + j]
                                + factor2 * columns[column2 + j]
                                + factor3 * columns[column3 + j];
            }
        }
        for (; c < dim; c++) {
            float factor = vector[from + c];
            for (int j = 0; j < count; j++) {
                out[j] += factor * columns[c * length + j];
            }
        }
    }

    private void addQuery(float[] queries, int i, int encoded) {
        float outputSquare = 0;
        for (float o : output) {
            outputSquare += o * o;
        }
        float[] squares = new float[dim];
        for (int c = 0; c < dim; c++) {
            float q = scale * queries[i * dim + c];
            squares[c] = q * q;
        }
        for (int j = 0; j < encoded; j++) {
            float p = probability[j];
            if (p > LEAST_PROBABILITY) {
                float distance = valueSquares[j] + outputSquare - 2 * alignment[j];
                float weight = p * p * Math.max(0, distance);
                for (int c = 0; c < dim; c++) {
                    sensitivity[j * dim + c] += weight * squares[c];
                }
            }
        }
    }
}
