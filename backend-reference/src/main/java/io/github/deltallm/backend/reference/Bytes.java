package io.github.deltallm.backend.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Reads the little-endian numbers of a block, wherever in memory it lies.
 *
 * @param data the tensor's bytes
 * @param at where the block begins
 */
record Bytes(MemorySegment data, long at) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The unsigned byte at an offset. */
    int u8(int offset) {
        return s8(offset) & 0xFF;
    }

    /** The signed byte at an offset. */
    int s8(int offset) {
        return data.get(ValueLayout.JAVA_BYTE, at + offset);
    }

    /** The low or the high four bits of the byte at an offset. */
    int nibble(int offset, boolean high) {
        return high ? u8(offset) >> 4 : u8(offset) & 15;
    }

    /** The two bits of the byte at an offset that begin at bit {@code shift}. */
    int pair(int offset, int shift) {
        return u8(offset) >> shift & 3;
    }

    int s32(int offset) {
        return data.get(INT, at + offset);
    }

    float f16(int offset) {
        return Float.float16ToFloat(data.get(SHORT, at + offset));
    }

    /** The upper half of an f32. */
    float bf16(int offset) {
        return Float.intBitsToFloat(data.get(SHORT, at + offset) << 16);
    }

    float f32(int offset) {
        return Float.intBitsToFloat(s32(offset));
    }
}
