package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.spi.TensorType;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a GGUF file of version 3: metadata and shapes are collected first, then {@link #write}
 * asks for the tensors' data one after the other, so that no more than one tensor's worth need be
 * in memory at a time.
 *
 * <p>The target appears whole or not at all: the bytes go to a temporary file beside it, which is
 * forced to the disk and then takes the target's name. If anything fails, the temporary file is
 * removed, and what was at the target stays.
 *
 * <p>A writer is used by one thread.
 */
public final class GgufWriter {
    private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
    private final List<Planned> tensors = new ArrayList<>();
    private final Set<String> names = new LinkedHashSet<>();

    private record Planned(
            String name, TensorType type, List<Long> dimensions, long bytes, TensorData data) {}

    /** A file that has nothing yet. */
    public GgufWriter() {}

    /**
     * Adds a key. {@code general.alignment} also sets how the tensors' data are aligned; without
     * it, to 32 bytes.
     *
     * @throws IllegalArgumentException if the key is there already
     */
    public GgufWriter put(String key, GgufValue value) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("a metadata key is empty");
        }
        if (metadata.putIfAbsent(key, value) != null) {
            throw new IllegalArgumentException("the metadata key " + key + " was given before");
        }
        return this;
    }

    /** Adds all keys, as {@link #put} does; {@link GgufFile#values} are what another file has. */
    public GgufWriter putAll(Map<String, GgufValue> values) {
        values.forEach(this::put);
        return this;
    }

    /**
     * Adds a tensor.
     *
     * @param name its name, given to no tensor before
     * @param type how its values are encoded
     * @param dimensions 1 to 4 sizes, the contiguous one (columns) first, as {@link
     *     GgufTensorInfo#dimensions} has them
     * @param data called once, when the file is written
     * @throws IllegalArgumentException if the name was given before or a shape like this can't be
     */
    public GgufWriter tensor(String name, TensorType type, List<Long> dimensions, TensorData data) {
        if (name.isEmpty() || !names.add(name)) {
            throw new IllegalArgumentException(
                    name.isEmpty()
                            ? "a tensor's name is empty"
                            : "the tensor " + name + " was given before");
        }
        if (dimensions.isEmpty()
                || dimensions.size() > 4
                || dimensions.stream().anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException(
                    "the tensor " + name + " can't have the shape " + dimensions);
        }
        long rows = dimensions.stream().skip(1).reduce(1L, Math::multiplyExact);
        long bytes = type.tensorBytes(rows, dimensions.getFirst());
        tensors.add(new Planned(name, type, List.copyOf(dimensions), bytes, data));
        return this;
    }

    /**
     * As {@link #tensor(String, TensorType, List, TensorData)} for {@code rows x columns} values,
     * or a vector of one row.
     */
    public GgufWriter tensor(String name, TensorType type, int rows, int columns, TensorData data) {
        List<Long> dimensions =
                rows == 1 ? List.of((long) columns) : List.of((long) columns, (long) rows);
        return tensor(name, type, dimensions, data);
    }

    /**
     * Writes the file.
     *
     * @return the bytes written
     * @throws io.github.deltallm.api.DeltaLlmException if the file can't be written; names it and
     *     the cause
     * @throws IllegalStateException if a tensor's data are not as long as its shape says
     */
    public long write(Path target) {
        int alignment = alignment();
        return ReplacedFile.write(target, out -> write(out, alignment));
    }

    private int alignment() {
        Map<String, GgufMetadata.Entry> entries = new LinkedHashMap<>();
        metadata.forEach((key, value) -> entries.put(key, new GgufMetadata.Entry(value, 0)));
        return new GgufMetadata("new file", entries).alignment();
    }

    private void write(CountingStream out, int alignment) throws IOException {
        out.bytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        out.int32(3);
        out.int64(tensors.size());
        out.int64(metadata.size());
        for (Map.Entry<String, GgufValue> entry : metadata.entrySet()) {
            out.string(entry.getKey());
            out.int32(entry.getValue().type().id());
            writeValue(out, entry.getValue());
        }
        long offset = 0;
        for (Planned tensor : tensors) {
            writeInfo(out, tensor, offset);
            offset = Header.aligned(offset + tensor.bytes, alignment);
        }
        out.align(alignment);
        for (Planned tensor : tensors) {
            writeData(out, tensor);
            out.align(alignment);
        }
    }

    private static void writeValue(CountingStream out, GgufValue value) throws IOException {
        switch (value) {
            case GgufValue.Int(GgufType type, long number) -> out.number(type, number);
            case GgufValue.Real(GgufType type, double number) when type == GgufType.FLOAT32 ->
                    out.int32(Float.floatToRawIntBits((float) number));
            case GgufValue.Real(GgufType _, double number) ->
                    out.int64(Double.doubleToRawLongBits(number));
            case GgufValue.Bool(boolean bool) -> out.number(GgufType.BOOL, bool ? 1 : 0);
            case GgufText text -> {
                out.int64(text.segment().byteSize());
                TensorData.of(text.segment()).writeTo(out);
            }
            case GgufArray array -> {
                out.int32(array.elementType().id());
                out.int64(array.size());
                TensorData.of(array.segment()).writeTo(out);
            }
        }
    }

    private static void writeInfo(CountingStream out, Planned tensor, long offset)
            throws IOException {
        out.string(tensor.name);
        out.int32(tensor.dimensions.size());
        for (long dimension : tensor.dimensions) {
            out.int64(dimension);
        }
        out.int32(tensor.type.id());
        out.int64(offset);
    }

    private static void writeData(CountingStream out, Planned tensor) throws IOException {
        long start = out.count();
        tensor.data.writeTo(new Uncloseable(out));
        long written = out.count() - start;
        if (written != tensor.bytes) {
            throw new IllegalStateException(
                    "the tensor "
                            + tensor.name
                            + " takes "
                            + tensor.bytes
                            + " bytes, but "
                            + written
                            + " were written");
        }
    }

    /** What a tensor's producer sees: it can't close the file, and it can't reach the header. */
    private static final class Uncloseable extends OutputStream {
        private final OutputStream out;

        Uncloseable(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }
    }
}
