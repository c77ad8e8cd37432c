package io.github.deltallm.engine.gguf;

import java.util.Optional;

/** The value types of GGUF metadata; a constant's ordinal is its number in the file. */
public enum GgufType {
    UINT8(1),
    INT8(1),
    UINT16(2),
    INT16(2),
    UINT32(4),
    INT32(4),
    FLOAT32(4),
    BOOL(1),
    STRING(0),
    ARRAY(0),
    UINT64(8),
    INT64(8),
    FLOAT64(8);

    private final int width;

    GgufType(int width) {
        this.width = width;
    }

    /** The number that stands for this type in a file. */
    public int id() {
        return ordinal();
    }

    /** Bytes of one value; 0 for strings and arrays, which carry their own length. */
    public int width() {
        return width;
    }

    /** Whether this is one of the eight integer types. */
    public boolean integer() {
        return width > 0 && !real() && this != BOOL;
    }

    /** Whether this is a floating-point type. */
    public boolean real() {
        return this == FLOAT32 || this == FLOAT64;
    }

    /** The type with this number in a file. */
    public static Optional<GgufType> ofId(int id) {
        GgufType[] types = values();
        return id >= 0 && id < types.length ? Optional.of(types[id]) : Optional.empty();
    }

    /** The name in messages and summaries: {@code string}, {@code int32}. */
    String shown() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
