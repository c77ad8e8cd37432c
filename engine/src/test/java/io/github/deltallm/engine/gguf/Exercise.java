package io.github.deltallm.engine.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Metadata;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** Uses everything a file offers, so that whatever is wrong with it has a chance to show. */
final class Exercise {
    private static final List<BiFunction<Metadata, String, Optional<?>>> ACCESSORS =
            List.of(
                    Metadata::text,
                    Metadata::integer,
                    Metadata::real,
                    Metadata::bool,
                    (metadata, key) ->
                            metadata.texts(key).map(texts -> String.join("", texts).length()),
                    (metadata, key) ->
                            metadata.texts(key)
                                    .map(texts -> texts.isEmpty() ? "" : texts.getLast()),
                    Metadata::integers,
                    Metadata::reals);

    private Exercise() {}

    /**
     * Opens the bytes and reads all of them; true if they are a good file, false if they ended in a
     * clear error.
     */
    static boolean open(byte[] bytes) {
        try (GgufFile file = GgufFile.of("fuzz.gguf", MemorySegment.ofArray(bytes))) {
            read(file);
            return true;
        } catch (DeltaLlmException e) {
            check(e.getMessage());
            return false;
        }
    }

    /** Reads all metadata by all accessors, and the first and the last byte of each tensor. */
    static long read(GgufFile file) {
        long sum = file.dataOffset() + file.alignment() + file.version() + file.size();
        for (String key : file.metadata().keys()) {
            for (BiFunction<Metadata, String, Optional<?>> accessor : ACCESSORS) {
                sum += read(accessor, file.metadata(), key);
            }
        }
        for (GgufValue value : file.values().values()) {
            sum += value.display().length();
        }
        for (Tensor tensor : file.tensors()) {
            sum += tensor.data().get(JAVA_BYTE, 0);
            sum += tensor.data().get(JAVA_BYTE, tensor.data().byteSize() - 1);
        }
        return sum;
    }

    private static int read(
            BiFunction<Metadata, String, Optional<?>> accessor, Metadata metadata, String key) {
        try {
            return accessor.apply(metadata, key).orElseThrow().hashCode();
        } catch (DeltaLlmException e) {
            check(e.getMessage());
            return 0;
        }
    }

    private static void check(String message) {
        if (!message.startsWith("fuzz.gguf: ") && !message.contains(".gguf: ")) {
            throw new AssertionError("the message does not name the file: " + message);
        }
        if (message.contains("\n") || message.length() > 1000) {
            throw new AssertionError("the message is not one short line: " + message);
        }
    }
}
