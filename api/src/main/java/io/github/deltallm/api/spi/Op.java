package io.github.deltallm.api.spi;

import java.util.Optional;

/**
 * One operation of a {@link Program}; a closed set that every backend implements.
 *
 * <p>Operations work row by row on {@link Value}s, in fp32 unless they say otherwise; sums are
 * accumulated in fp32 or better. {@link Attention} is the only one that looks at other rows: those
 * of the same sequence in its {@link KvCache}.
 */
public sealed interface Op {

    /** Looks up the row of {@code table} for each token: {@code out = table[token]}. */
    record Embed(Tensor table, Value out) implements Op {}

    /**
     * Root-mean-square normalisation of each run of {@code weight.columns()} values: {@code out =
     * in / sqrt(mean(in^2) + epsilon) * weight}.
     *
     * <p>A weight as wide as the row is the usual norm; a weight as wide as a head normalises every
     * head.
     *
     * @param weight one row
     */
    record RmsNorm(Value in, Tensor weight, float epsilon, Value out) implements Op {}

    /**
     * {@code out = weight * in (+ bias)}.
     *
     * @param weight {@code [out.width, in.width]}
     * @param bias one row of {@code out.width}
     * @param activations how the input is rounded before the product
     */
    record Linear(
            Value in, Tensor weight, Optional<Tensor> bias, Activations activations, Value out)
            implements Op {}

    /** How a linear layer's input row enters the product. */
    enum Activations {
        /**
         * As fp32; under {@link io.github.deltallm.api.Precision#FAST} a backend may round to 8
         * bits a value.
         */
        FLOAT,
        /**
         * BitNet b1.58: {@code s = 127 / max|x|}, {@code q = clamp(round_half_even(x * s), -128,
         * 127)}, integer sums over ternary weights, one multiplication by {@code scale / s} at the
         * end; a row of zeros gives zeros. Where the blocks of a weight's row have different scales
         * (TQ1_0, TQ2_0), the integer sums are those of the blocks, scaled and added in fp32 or
         * better; a block whose scale is 0 counts as zeros, whatever its values. The integers are
         * part of the model's definition: they are equal on every backend.
         */
        INT8_ROW
    }

    /**
     * Rotates every head of {@code data} in place by the row's position.
     *
     * @param headDim channels a head; {@code data.width} is a multiple of it
     */
    record Rope(Value data, int headDim, RotaryEmbedding embedding) implements Op {}

    /**
     * Appends the rows' keys and values to their sequences' caches and attends: causal,
     * grouped-query, softmax in fp32, as the cache's {@link AttentionStrategy} declares.
     *
     * @param layer which layer of the cache
     * @param query {@code [rows, heads * headDim]}, head after head
     * @param key {@code [rows, kvHeads * headDim]}, already rotated
     * @param value as key
     * @param scale multiplies the scores, usually {@code 1 / sqrt(headDim)}
     * @param out as query
     */
    record Attention(int layer, Value query, Value key, Value value, float scale, Value out)
            implements Op {}

    /**
     * The gated activation of a feed-forward layer: {@code out = function(gate) * up}; {@code out}
     * may be either.
     */
    record Gate(Value gate, Value up, GateFunction function, Value out) implements Op {}

    /** What a {@link Gate} applies to its gate. */
    enum GateFunction {
        /** {@code x / (1 + e^-x)}: SwiGLU. */
        SILU,
        /** {@code max(x, 0)^2}: BitNet b1.58. */
        SQUARED_RELU,
        /** The tanh approximation of GELU. */
        GELU
    }

    /** {@code out = left + right}; {@code out} may be either. */
    record Add(Value left, Value right, Value out) implements Op {}

    /**
     * {@code weight * in} for the rows whose logits the step asks for; goes to the step's {@link
     * LogitsSink}. The last operation of a model.
     *
     * @param weight {@code [vocabulary, in.width]}
     */
    record Logits(Value in, Tensor weight) implements Op {}
}
