package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.MemorySegment;

/**
 * Decodes a row of a weight to fp32. Layouts: {@code block_*} and {@code dequantize_row_*} of ggml.
 */
@FunctionalInterface
interface Decoder {
    /**
     * Decodes the values of a row.
     *
     * @param data the tensor's bytes
     * @param at offset of the row's first byte
     * @param columns values to decode, a multiple of the type's block size
     * @param out where they go, from index {@code to} on
     */
    void row(MemorySegment data, long at, int columns, float[] out, int to);

    /** The decoder of a tensor's type. */
    static Decoder of(Tensor tensor) {
        return switch (tensor.type()) {
            case F32 -> PlainDecoders::f32;
            case F16 -> PlainDecoders::f16;
            case BF16 -> PlainDecoders::bf16;
            case Q4_0 -> BlockDecoders::q4v0;
            case Q4_1 -> BlockDecoders::q4v1;
            case Q5_0 -> BlockDecoders::q5v0;
            case Q5_1 -> BlockDecoders::q5v1;
            case Q8_0 -> BlockDecoders::q8v0;
            case Q2_K -> SuperblockDecoders::q2k;
            case Q3_K -> SuperblockDecoders::q3k;
            case Q4_K -> SuperblockDecoders::q4k;
            case Q5_K -> SuperblockDecoders::q5k;
            case Q6_K -> SuperblockDecoders::q6k;
            case TQ1_0 -> TernaryDecoders::tq1;
            case TQ2_0 -> TernaryDecoders::tq2;
            case I2_S -> TernaryDecoders.i2s(tensor);
        };
    }
}
