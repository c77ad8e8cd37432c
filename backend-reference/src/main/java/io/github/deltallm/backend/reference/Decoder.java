package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Tensor;

/** Decodes rows of tensors of every type; the layouts are those of the GGUF specification. */
final class Decoder {
    private Decoder() {}

    /** Writes the values of one row to {@code out}, which is as long as the row. */
    static void row(Tensor tensor, int row, float[] out) {
        int size = tensor.type().blockSize();
        for (int block = 0; block < tensor.columns() / size; block++) {
            Bytes bytes = block(tensor, row, block);
            for (int i = 0; i < size; i++) {
                out[block * size + i] = value(tensor, bytes, i);
            }
        }
    }

    /** The bytes of one block of a row. */
    static Bytes block(Tensor tensor, int row, int block) {
        long at = row * tensor.rowBytes() + (long) block * tensor.type().blockBytes();
        return new Bytes(tensor.data(), at);
    }

    private static float value(Tensor tensor, Bytes block, int i) {
        return switch (tensor.type()) {
            case F32 -> block.f32(0);
            case F16 -> block.f16(0);
            case BF16 -> block.bf16(0);
            case Q4_0 -> SmallBlocks.q4v0(block, i);
            case Q4_1 -> SmallBlocks.q4v1(block, i);
            case Q5_0 -> SmallBlocks.q5v0(block, i);
            case Q5_1 -> SmallBlocks.q5v1(block, i);
            case Q8_0 -> SmallBlocks.q8v0(block, i);
            case Q2_K -> SuperBlocks.q2(block, i);
            case Q3_K -> SuperBlocks.q3(block, i);
            case Q4_K -> SuperBlocks.q4(block, i);
            case Q5_K -> SuperBlocks.q5(block, i);
            case Q6_K -> SuperBlocks.q6(block, i);
            case TQ1_0, TQ2_0, I2_S ->
                    TernaryBlocks.scale(tensor, block)
                            * TernaryBlocks.trit(tensor.type(), block, i);
        };
    }
}
