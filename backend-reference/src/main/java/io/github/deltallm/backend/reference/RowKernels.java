package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;

/** The operations that change one row without weights that are matrices. */
final class RowKernels {
    private RowKernels() {}

    /** {@code out = in / sqrt(mean(in^2) + epsilon) * weight} for {@code weight.length} values. */
    static void rmsNorm(float[] in, float[] out, int at, float[] weight, float epsilon) {
        double squares = 0;
        for (int i = 0; i < weight.length; i++) {
            squares += (double) in[at + i] * in[at + i];
        }
        double root = Math.sqrt(squares / weight.length + epsilon);
        for (int i = 0; i < weight.length; i++) {
            out[at + i] = (float) (in[at + i] / root * weight[i]);
        }
    }

    /** Rotates the head that begins at {@code data[at]}. */
    static void rope(float[] data, int at, int position, RotaryEmbedding embedding) {
        double[] frequencies = embedding.frequencies();
        for (int pair = 0; pair < frequencies.length; pair++) {
            int first = at + pair;
            int second = first + frequencies.length;
            if (embedding.pairing() == RotaryEmbedding.Pairing.INTERLEAVED) {
                first = at + 2 * pair;
                second = first + 1;
            }
            double angle = position * frequencies[pair];
            float cos = (float) Math.cos(angle);
            float sin = (float) Math.sin(angle);
            float x = data[first];
            float y = data[second];
            data[first] = x * cos - y * sin;
            data[second] = x * sin + y * cos;
        }
    }

    static float gate(Op.GateFunction function, float gate, float up) {
        double x = gate;
        double activated =
                switch (function) {
                    case SILU -> x / (1 + Math.exp(-x));
                    case SQUARED_RELU -> Math.max(x, 0) * Math.max(x, 0);
                    case GELU -> gelu(x);
                };
        return (float) (activated * up);
    }

    private static double gelu(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }
}
