package io.github.deltallm.backend.reference;

/**
 * Blocks of 32 values with one f16 scale, and in the {@code _1} types an f16 minimum behind it.
 *
 * <p>Four low bits of the values i and i + 16 share byte i; a fifth bit of value i is bit i of a
 * 32-bit word before them.
 */
final class SmallBlocks {
    private SmallBlocks() {}

    static float q4v0(Bytes block, int i) {
        return block.f16(0) * (low(block, 2, i) - 8);
    }

    static float q4v1(Bytes block, int i) {
        return block.f16(0) * low(block, 4, i) + block.f16(2);
    }

    static float q5v0(Bytes block, int i) {
        return block.f16(0) * (low(block, 6, i) + fifth(block, 2, i) - 16);
    }

    static float q5v1(Bytes block, int i) {
        return block.f16(0) * (low(block, 8, i) + fifth(block, 4, i)) + block.f16(2);
    }

    static float q8v0(Bytes block, int i) {
        return block.f16(0) * block.s8(2 + i);
    }

    private static int low(Bytes block, int offset, int i) {
        return block.nibble(offset + i % 16, i >= 16);
    }

    private static int fifth(Bytes block, int offset, int i) {
        return (block.s32(offset) >>> i & 1) << 4;
    }
}
