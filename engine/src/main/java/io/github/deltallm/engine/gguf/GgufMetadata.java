package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Metadata;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The key-value pairs of one file. */
final class GgufMetadata implements Metadata {
    private static final String ALIGNMENT = "general.alignment";
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int LEAST_ALIGNMENT = 8;
    private static final int MOST_ALIGNMENT = 1 << 30;

    private final String source;
    private final Map<String, Entry> entries;

    /**
     * A value and where it lies.
     *
     * @param value the value
     * @param offset of its first byte in the file
     */
    record Entry(GgufValue value, long offset) {}

    GgufMetadata(String source, Map<String, Entry> entries) {
        this.source = source;
        this.entries = Collections.unmodifiableMap(entries);
    }

    /** The alignment of tensor data: what {@code general.alignment} says, else 32. */
    int alignment() {
        Optional<Long> told = integer(ALIGNMENT);
        if (told.isEmpty()) {
            return DEFAULT_ALIGNMENT;
        }
        long alignment = told.get();
        if (Long.bitCount(alignment) != 1
                || alignment < LEAST_ALIGNMENT
                || alignment > MOST_ALIGNMENT) {
            throw fail(
                    ALIGNMENT,
                    alignment
                            + " is not a power of two from "
                            + LEAST_ALIGNMENT
                            + " to "
                            + MOST_ALIGNMENT
                            + "; the file is damaged");
        }
        return (int) alignment;
    }

    /** Every value as the file holds it, in the order of the file. */
    Map<String, GgufValue> values() {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        entries.forEach((key, entry) -> values.put(key, entry.value()));
        return Collections.unmodifiableMap(values);
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public Set<String> keys() {
        return entries.keySet();
    }

    @Override
    public Optional<String> text(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufText text -> text.value();
                            default -> throw wrongType(key, value, "a string");
                        });
    }

    @Override
    public Optional<Long> integer(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufValue.Int number when number.fitsLong() -> number.value();
                            case GgufValue.Int number ->
                                    throw fail(
                                            key,
                                            number.display()
                                                    + " does not fit a signed 64-bit integer");
                            default -> throw wrongType(key, value, "an integer");
                        });
    }

    @Override
    public Optional<Double> real(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufValue.Real number -> number.value();
                            case GgufValue.Int number when number.fitsLong() ->
                                    (double) number.value();
                            case GgufValue.Int number -> Double.parseDouble(number.display());
                            default -> throw wrongType(key, value, "a number");
                        });
    }

    @Override
    public Optional<Boolean> bool(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufValue.Bool bool -> bool.value();
                            default -> throw wrongType(key, value, "a bool");
                        });
    }

    @Override
    public Optional<List<String>> texts(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufArray array when array.elementType() == GgufType.STRING ->
                                    StringIndex.decoded(array.texts());
                            default -> throw wrongType(key, value, "an array of strings");
                        });
    }

    @Override
    public Optional<int[]> integers(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufArray array when array.elementType().integer() ->
                                    ints(key, array);
                            case GgufArray array when array.elementType() == GgufType.BOOL ->
                                    bools(key, array);
                            default -> throw wrongType(key, value, "an array of integers");
                        });
    }

    @Override
    public Optional<float[]> reals(String key) {
        return value(key)
                .map(value ->
                        switch (value) {
                            case GgufArray array when array.elementType().real() ->
                                    floats(key, array);
                            default -> throw wrongType(key, value, "an array of floats");
                        });
    }

    private int[] ints(String key, GgufArray array) {
        int[] ints = new int[array.size()];
        for (int i = 0; i < ints.length; i++) {
            long element = array.integer(i);
            if (element != (int) element) {
                String shown =
                        array.elementType() == GgufType.UINT64
                                ? Long.toUnsignedString(element)
                                : Long.toString(element);
                throw fail(key, i, array, shown + " does not fit a signed 32-bit integer");
            }
            ints[i] = (int) element;
        }
        return ints;
    }

    private int[] bools(String key, GgufArray array) {
        int[] bools = new int[array.size()];
        for (int i = 0; i < bools.length; i++) {
            bools[i] = (int) array.integer(i);
            if (bools[i] > 1) {
                throw fail(
                        key,
                        i,
                        array,
                        "a bool is 0 or 1, not " + bools[i] + "; the file is damaged");
            }
        }
        return bools;
    }

    private float[] floats(String key, GgufArray array) {
        float[] floats = new float[array.size()];
        for (int i = 0; i < floats.length; i++) {
            double element = array.real(i);
            floats[i] = (float) element;
            if (Float.isInfinite(floats[i]) && !Double.isInfinite(element)) {
                throw fail(key, i, array, element + " does not fit a 32-bit float");
            }
        }
        return floats;
    }

    private Optional<GgufValue> value(String key) {
        return Optional.ofNullable(entries.get(key)).map(Entry::value);
    }

    private ModelFormatException wrongType(String key, GgufValue value, String asked) {
        String found =
                value instanceof GgufArray array
                        ? "an array of " + array.elementType().shown()
                        : "of type " + value.type().shown();
        return fail(key, "the value is " + found + ", but " + asked + " is needed");
    }

    private ModelFormatException fail(String key, int index, GgufArray array, String problem) {
        // The element type (4 bytes) and the count (8 bytes) lie before the elements.
        long offset = offset(key) + 12 + array.place(index);
        return fail("metadata key " + Cursor.shown(key) + " element " + index, offset, problem);
    }

    ModelFormatException fail(String key, String problem) {
        return fail("metadata key " + Cursor.shown(key), offset(key), problem);
    }

    private ModelFormatException fail(String field, long offset, String problem) {
        return new ModelFormatException(
                source + ": " + field + " at byte " + offset + ": " + problem);
    }

    private long offset(String key) {
        return Optional.ofNullable(entries.get(key)).map(Entry::offset).orElse(0L);
    }
}
