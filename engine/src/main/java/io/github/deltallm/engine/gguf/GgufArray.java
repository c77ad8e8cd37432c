package io.github.deltallm.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An array of metadata values of one type, read in place: nothing is decoded before it is asked
 * for.
 */
public final class GgufArray implements GgufValue {
    /** More elements than any vocabulary has; a larger array is refused when a file is opened. */
    static final int MOST_ELEMENTS = 1 << 24;

    private static final int SHOWN = 3;

    private final GgufType elementType;
    private final int size;
    private final MemorySegment data;
    private final List<GgufText> strings;

    /**
     * An array over the bytes that follow the element count in a file.
     *
     * @param strings the elements of an array of strings, else empty
     */
    GgufArray(GgufType elementType, int size, MemorySegment data, List<GgufText> strings) {
        this.elementType = elementType;
        this.size = size;
        this.data = data.asReadOnly();
        this.strings = strings;
    }

    /** An array of integers, or of booleans as 0 and 1, in the given type. */
    public static GgufArray ofIntegers(GgufType elementType, long... values) {
        MemorySegment data = heap((long) values.length * elementType.width());
        for (int i = 0; i < values.length; i++) {
            long stored =
                    elementType == GgufType.BOOL
                            ? new Int(GgufType.UINT8, values[i]).value()
                            : new Int(elementType, values[i]).value();
            LittleEndian.put(data, (long) i * elementType.width(), elementType, stored);
        }
        return new GgufArray(elementType, values.length, data, List.of());
    }

    static GgufArray ofInts(int[] values) {
        return ofIntegers(GgufType.INT32, IntStream.of(values).asLongStream().toArray());
    }

    static GgufArray ofFloats(float[] values) {
        MemorySegment data = heap((long) values.length * Float.BYTES);
        for (int i = 0; i < values.length; i++) {
            data.set(LittleEndian.FLOAT, (long) i * Float.BYTES, values[i]);
        }
        return new GgufArray(GgufType.FLOAT32, values.length, data, List.of());
    }

    static GgufArray ofTexts(List<String> values) {
        List<byte[]> encoded =
                values.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
        MemorySegment data = heap(encoded.stream().mapToLong(b -> b.length + 8L).sum());
        StringIndex.Builder index = new StringIndex.Builder();
        long position = 0;
        for (byte[] bytes : encoded) {
            index.add(position);
            data.set(LittleEndian.LONG, position, bytes.length);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, data, position + 8, bytes.length);
            position += 8 + bytes.length;
        }
        return new GgufArray(GgufType.STRING, encoded.size(), data, index.build(data));
    }

    private static MemorySegment heap(long bytes) {
        return MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
    }

    @Override
    public GgufType type() {
        return GgufType.ARRAY;
    }

    public GgufType elementType() {
        return elementType;
    }

    public int size() {
        return size;
    }

    /**
     * An element of an array of integers or booleans; a uint64 keeps its bits.
     *
     * @throws IllegalStateException if the elements have another type
     */
    public long integer(int index) {
        return LittleEndian.integer(data, place(index), elementType);
    }

    /**
     * An element of an array of f32 or f64.
     *
     * @throws IllegalStateException if the elements have another type
     */
    public double real(int index) {
        return LittleEndian.real(data, place(index), elementType);
    }

    /**
     * The elements of an array of strings, with their exact bytes; made anew each time they are
     * read.
     *
     * @throws IllegalStateException if the elements have another type
     */
    public List<GgufText> texts() {
        if (elementType != GgufType.STRING) {
            throw new IllegalStateException(elementType + " is not a string");
        }
        return strings;
    }

    /** The elements as they lie in a file. */
    MemorySegment segment() {
        return data;
    }

    /** Where an element of a type of fixed width lies from the array's first byte. */
    long place(int index) {
        return (long) Objects.checkIndex(index, size) * elementType.width();
    }

    @Override
    public String display() {
        String head = "[" + size + " " + noun() + "]";
        if (size == 0) {
            return head;
        }
        String first =
                IntStream.range(0, Math.min(SHOWN, size))
                        .mapToObj(i -> element(i).display())
                        .collect(Collectors.joining(", "));
        return head + " " + first + (size > SHOWN ? ", ..." : "");
    }

    private String noun() {
        return elementType.shown() + (size == 1 ? "" : "s");
    }

    private GgufValue element(int index) {
        if (elementType == GgufType.STRING) {
            return strings.get(index);
        }
        if (elementType == GgufType.BOOL) {
            return new Bool(integer(index) != 0);
        }
        return elementType.real()
                ? new Real(elementType, real(index))
                : new Int(elementType, integer(index));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GgufArray array
                && elementType == array.elementType
                && size == array.size
                && data.mismatch(array.data) == -1;
    }

    @Override
    public int hashCode() {
        return Objects.hash(elementType, size, data.byteSize());
    }

    @Override
    public String toString() {
        return display();
    }
}
