package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.spi.Metadata;
import io.github.deltallm.api.spi.ModelIdentity;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open GGUF model: one file, or all files of a split model. Memory-mapped; nothing is copied to
 * the heap but names, shapes and single numbers.
 *
 * <p>Immutable and safe to share between threads. {@link #close} unmaps the memory, and any later
 * access to tensors, texts or arrays ends in an {@link IllegalStateException}. A file must not be
 * made shorter while it is open: the JVM then throws an {@link InternalError} where the missing
 * pages are touched.
 */
public final class GgufFile implements ModelSource, ModelIdentity, AutoCloseable {
    private final String name;
    private final Runnable unmap;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final List<Part> parts;
    private final List<GgufTensorInfo> tensorInfos;
    private final Map<String, Tensor> tensors;
    private final List<Tensor> ordered;
    // Computed when first asked for; computing it twice in a race gives the same.
    private volatile String sha256 = "";

    private GgufFile(String name, List<Part> parts, Runnable unmap) {
        this.name = name;
        this.parts = parts;
        this.unmap = unmap;
        this.tensorInfos =
                parts.stream().flatMap(part -> part.header().tensors().stream()).toList();
        Map<String, Tensor> byName = LinkedHashMap.newLinkedHashMap(tensorInfos.size());
        tensorInfos.forEach(info -> byName.put(info.name(), tensor(info)));
        this.tensors = Collections.unmodifiableMap(byName);
        this.ordered = List.copyOf(byName.values());
    }

    /**
     * Opens a model file; of a split model, the first one, with the others beside it.
     *
     * @throws io.github.deltallm.api.ModelFormatException if a file is no GGUF, damaged or cut off,
     *     or if files of a split model are missing or don't belong together
     * @throws io.github.deltallm.api.UnsupportedModelException if a tensor has a type that DeltaLLM
     *     can't decode, or the file is of another GGUF version or big-endian
     * @throws io.github.deltallm.api.InvalidOptionException if the path is no readable file
     */
    @SuppressWarnings("MustBeClosed") // the arena is closed by the file that is returned
    public static GgufFile open(Path path) {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try {
            GgufFile file =
                    new GgufFile(path.toString(), SplitModel.open(path, arena), arena::close);
            opened = true;
            return file;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /** Reads a whole file that lies in memory; the memory stays its owner's. */
    static GgufFile of(String name, MemorySegment data) {
        Header header = Header.read(name, data, 0);
        return new GgufFile(name, List.of(new Part(data.asReadOnly(), header)), () -> {});
    }

    private Tensor tensor(GgufTensorInfo info) {
        MemorySegment data = parts.get(info.part()).data().asSlice(info.offset(), info.bytes());
        return new Tensor(info.name(), info.type(), info.rows(), info.columns(), data);
    }

    private Header header() {
        return parts.getFirst().header();
    }

    /** The path as it was given. */
    @Override
    public String name() {
        return name;
    }

    @Override
    public Metadata metadata() {
        return header().metadata();
    }

    /** Every metadata value as the file holds it, with its type, in the order of the file. */
    public Map<String, GgufValue> values() {
        return header().metadata().values();
    }

    @Override
    public List<Tensor> tensors() {
        return ordered;
    }

    @Override
    public Optional<Tensor> tensor(String tensorName) {
        return Optional.ofNullable(tensors.get(tensorName));
    }

    /** Shapes and places of all tensors, in the order of {@link #tensors}. */
    public List<GgufTensorInfo> tensorInfos() {
        return tensorInfos;
    }

    /** GGUF's version: 2 or 3. */
    public int version() {
        return header().version();
    }

    /** Every tensor's offset is a multiple of this many bytes. */
    public int alignment() {
        return header().alignment();
    }

    /**
     * Where the tensors' data begin in the (first) file. A file without tensors may end before this
     * place, for the padding that leads to it may be left out.
     */
    public long dataOffset() {
        return header().dataOffset();
    }

    /** Number of files: 1 unless the model is split. */
    public int parts() {
        return parts.size();
    }

    /** Bytes of the file, or of all files together. */
    @Override
    public long size() {
        return parts.stream().mapToLong(part -> part.data().byteSize()).sum();
    }

    /**
     * The SHA-256 of the file in lower-case hexadecimal digits; of a split model, that of its files
     * one after the other. Reads all bytes when it is first asked for.
     */
    @Override
    public String sha256() {
        if (sha256.isEmpty()) {
            sha256 = Digest.sha256(parts.stream().map(Part::data).toList());
        }
        return sha256;
    }

    /** Unmaps the file. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            unmap.run();
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
