package io.github.deltallm.engine.gguf;

import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the key-value pairs; arrays and texts stay where they are. */
final class MetadataReader {
    /** Real files have some dozens. */
    static final int MOST_KEYS = 1 << 16;

    static final String COUNT = "metadata count";

    private static final int LONGEST_KEY = 65535;
    private static final int LONGEST_TEXT = 1 << 26;
    // A length, a key of one byte, a type and a value of one byte.
    private static final int LEAST_BYTES = 8 + 1 + 4 + 1;

    private final Cursor cursor;

    MetadataReader(Cursor cursor) {
        this.cursor = cursor;
    }

    GgufMetadata read(long count, long countOffset) {
        checkCount(count, countOffset);
        Map<String, GgufMetadata.Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            long at = cursor.position();
            String key = cursor.name(LONGEST_KEY, "metadata key " + (i + 1) + " of " + count);
            String field = "metadata key " + Cursor.shown(key);
            GgufMetadata.Entry first = entries.get(key);
            if (first != null) {
                throw cursor.fail(
                        field,
                        at,
                        "the key was given before, with its value at byte " + first.offset());
            }
            GgufType type = type(field);
            long offset = cursor.position();
            entries.put(key, new GgufMetadata.Entry(value(type, field), offset));
        }
        return new GgufMetadata(cursor.source(), entries);
    }

    private void checkCount(long count, long countOffset) {
        if (count < 0 || count > cursor.remaining() / LEAST_BYTES) {
            throw cursor.fail(
                    COUNT,
                    countOffset,
                    Long.toUnsignedString(count)
                            + " keys do not fit the "
                            + cursor.remaining()
                            + " bytes that follow; "
                            + Cursor.DOWNLOAD_AGAIN);
        }
        if (count > MOST_KEYS) {
            throw cursor.fail(
                    COUNT,
                    countOffset,
                    count + " keys are more than the " + MOST_KEYS + " that are read");
        }
    }

    private GgufType type(String field) {
        long at = cursor.position();
        int id = cursor.int32(field);
        return GgufType.ofId(id)
                .orElseThrow(() ->
                        cursor.fail(
                                field,
                                at,
                                "its value type is "
                                        + Integer.toUnsignedString(id)
                                        + ", but GGUF has only 0 to "
                                        + (GgufType.values().length - 1)
                                        + "; the file is damaged"));
    }

    private GgufValue value(GgufType type, String field) {
        return switch (type) {
            case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 ->
                    new GgufValue.Int(type, cursor.integer(type, field));
            case FLOAT32, FLOAT64 -> new GgufValue.Real(type, cursor.real(type, field));
            case BOOL -> bool(field);
            case STRING -> new GgufText(cursor.string(LONGEST_TEXT, field));
            case ARRAY -> array(field);
        };
    }

    private GgufValue bool(String field) {
        long at = cursor.position();
        long value = cursor.integer(GgufType.BOOL, field);
        if (value > 1) {
            throw cursor.fail(
                    field, at, "a bool is 0 or 1, not " + value + "; the file is damaged");
        }
        return new GgufValue.Bool(value == 1);
    }

    private GgufArray array(String field) {
        long typeAt = cursor.position();
        GgufType type = type(field);
        if (type == GgufType.ARRAY) {
            throw cursor.fail(field, typeAt, "arrays of arrays are not supported");
        }
        int least = type == GgufType.STRING ? Long.BYTES : type.width();
        long at = cursor.position();
        long count = cursor.int64(field);
        if (count < 0 || count > cursor.remaining() / least) {
            throw cursor.fail(
                    field,
                    at,
                    "an array of "
                            + Long.toUnsignedString(count)
                            + " "
                            + type.shown()
                            + "s does not fit the "
                            + cursor.remaining()
                            + " bytes that follow; "
                            + Cursor.DOWNLOAD_AGAIN);
        }
        if (count > GgufArray.MOST_ELEMENTS) {
            throw cursor.fail(
                    field,
                    at,
                    count
                            + " elements are more than the "
                            + GgufArray.MOST_ELEMENTS
                            + " that are read");
        }
        if (type == GgufType.STRING) {
            return cursor.strings((int) count, LONGEST_TEXT, field);
        }
        return new GgufArray(
                type, (int) count, cursor.slice(count * least, field), java.util.List.of());
    }
}
