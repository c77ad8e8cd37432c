package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Tensor;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The decoded weights of one executable: each tensor is decoded at its first use and then kept. */
final class Weights {
    private final Map<Tensor, float[][]> decoded = new ConcurrentHashMap<>();
    private final Map<Tensor, TernaryMatrix> ternary = new ConcurrentHashMap<>();

    /** All rows of a tensor. */
    float[][] rows(Tensor tensor) {
        return decoded.computeIfAbsent(tensor, Weights::decode);
    }

    /** The single row of a vector. */
    float[] vector(Tensor tensor) {
        return rows(tensor)[0];
    }

    /** A ternary tensor as integers. */
    TernaryMatrix ternary(Tensor tensor) {
        return ternary.computeIfAbsent(tensor, TernaryMatrix::new);
    }

    private static float[][] decode(Tensor tensor) {
        float[][] rows = new float[tensor.rows()][tensor.columns()];
        for (int row = 0; row < rows.length; row++) {
            Decoder.row(tensor, row, rows[row]);
        }
        return rows;
    }
}
