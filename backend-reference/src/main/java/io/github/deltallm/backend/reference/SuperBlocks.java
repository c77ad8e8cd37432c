package io.github.deltallm.backend.reference;

/**
 * The K types: super-blocks of 256 values with f16 scales for the scales of their sub-blocks.
 *
 * <p>Two-bit parts of the values i, i + 32, i + 64 and i + 96 share a byte, in each half of the
 * block; four-bit parts of the values i and i + 32 (in Q6_K i and i + 64).
 */
final class SuperBlocks {
    private SuperBlocks() {}

    /** 16 bytes of scale and minimum, 64 bytes of values, scale, minimum: sub-blocks of 16. */
    static float q2(Bytes block, int i) {
        float scale = block.f16(80) * block.nibble(i / 16, false);
        float minimum = block.f16(82) * block.nibble(i / 16, true);
        return scale * twoBits(block, 16, i) - minimum;
    }

    /** 32 bytes of third bits, 64 bytes of values, 12 of scales, scale: sub-blocks of 16. */
    static float q3(Bytes block, int i) {
        int third = block.u8(i % 32) >> (i / 32) & 1;
        int sub = i / 16;
        int scale =
                block.nibble(96 + sub % 8, sub >= 8)
                        + (block.pair(104 + sub % 4, sub / 4 * 2) << 4)
                        - 32;
        return block.f16(108) * scale * (twoBits(block, 32, i) + 4 * third - 4);
    }

    /** Scale, minimum, 12 bytes of scales and minimums, 128 of values: sub-blocks of 32. */
    static float q4(Bytes block, int i) {
        return scaled(block, i, fourBits(block, 16, i));
    }

    /** As Q4_K with 32 bytes of fifth bits before the values. */
    static float q5(Bytes block, int i) {
        int fifth = block.u8(16 + i % 32) >> (i / 32) & 1;
        return scaled(block, i, fourBits(block, 48, i) + (fifth << 4));
    }

    /** 128 bytes of low bits, 64 of high pairs, 16 signed scales, scale: sub-blocks of 16. */
    static float q6(Bytes block, int i) {
        int half = i / 128;
        int quarter = i % 128 / 32;
        int low = block.nibble(half * 64 + quarter % 2 * 32 + i % 32, quarter >= 2);
        int high = block.pair(128 + half * 32 + i % 32, quarter * 2);
        return block.f16(208) * block.s8(192 + i / 16) * (low + (high << 4) - 32);
    }

    private static int twoBits(Bytes block, int offset, int i) {
        return block.pair(offset + i / 128 * 32 + i % 32, i % 128 / 32 * 2);
    }

    private static int fourBits(Bytes block, int offset, int i) {
        return block.nibble(offset + i / 64 * 32 + i % 32, i / 32 % 2 == 1);
    }

    private static float scaled(Bytes block, int i, int value) {
        int sub = i / 32;
        float scale = block.f16(0) * sixBitScale(block, sub);
        float minimum = block.f16(2) * sixBitMinimum(block, sub);
        return scale * value - minimum;
    }

    /** Sub-blocks 0 to 3 have theirs whole, 4 to 7 in a nibble and two stray upper bits. */
    private static int sixBitScale(Bytes block, int sub) {
        return sub < 4
                ? block.u8(4 + sub) & 63
                : block.nibble(8 + sub, false) | block.u8(sub) >> 6 << 4;
    }

    private static int sixBitMinimum(Bytes block, int sub) {
        return sub < 4
                ? block.u8(8 + sub) & 63
                : block.nibble(8 + sub, true) | block.u8(4 + sub) >> 6 << 4;
    }
}
