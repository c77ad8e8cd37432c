package io.github.deltallm.engine.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** How GGUF lays numbers down: little-endian, at any address. */
final class LittleEndian {
    static final ValueLayout.OfShort SHORT =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT =
            JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE =
            JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    /** An integer or a bool of the given type, widened; a uint64 keeps its bits. */
    static long integer(MemorySegment data, long offset, GgufType type) {
        return switch (type) {
            case UINT8, BOOL -> Byte.toUnsignedLong(data.get(JAVA_BYTE, offset));
            case INT8 -> data.get(JAVA_BYTE, offset);
            case UINT16 -> Short.toUnsignedLong(data.get(SHORT, offset));
            case INT16 -> data.get(SHORT, offset);
            case UINT32 -> Integer.toUnsignedLong(data.get(INT, offset));
            case INT32 -> data.get(INT, offset);
            case UINT64, INT64 -> data.get(LONG, offset);
            case FLOAT32, FLOAT64, STRING, ARRAY ->
                    throw new IllegalStateException(type + " is not an integer");
        };
    }

    /** A floating-point number of the given type. */
    static double real(MemorySegment data, long offset, GgufType type) {
        return switch (type) {
            case FLOAT32 -> data.get(FLOAT, offset);
            case FLOAT64 -> data.get(DOUBLE, offset);
            default -> throw new IllegalStateException(type + " is not a floating-point type");
        };
    }

    /** Stores the low bytes of an integer or a bool. */
    static void put(MemorySegment data, long offset, GgufType type, long value) {
        switch (type.width()) {
            case 1 -> data.set(JAVA_BYTE, offset, (byte) value);
            case 2 -> data.set(SHORT, offset, (short) value);
            case 4 -> data.set(INT, offset, (int) value);
            case 8 -> data.set(LONG, offset, value);
            default -> throw new IllegalStateException(type + " is not a number");
        }
    }
}
