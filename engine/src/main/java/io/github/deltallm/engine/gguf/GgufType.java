package io.github.deltallm.engine.gguf;

import java.util.Locale;
import java.util.Optional;

/** The value types of GGUF metadata. */
public enum GgufType {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    STRING(8, 0),
    ARRAY(9, 0),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int id;
    private final int width;

    GgufType(int id, int width) {
        this.id = id;
        this.width = width;
    }

    /** The number that stands for this type in a file. */
    public int id() {
        return id;
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
        for (GgufType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** The name in messages and summaries: {@code string}, {@code int32}. */
    String shown() {
        return name().toLowerCase(Locale.ROOT);
    }
}
