package io.github.deltallm.integration;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.gguf.GgufValue;
import io.github.deltallm.engine.gguf.GgufWriter;
import io.github.deltallm.engine.gguf.TensorData;
import io.github.deltallm.testsupport.SharedData;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Makes models that are wrong in one way each, from the sound stories260K. */
final class DamagedModels {
    /** Offsets of the header's fields: magic, version, tensor count, metadata count. */
    private static final int VERSION = 4;

    private static final int TENSOR_COUNT = 8;
    private static final int KEY_COUNT = 16;

    private static final String TENSOR = "blk.2.attn_k.weight";

    private DamagedModels() {}

    /** All of them by what is wrong, in a folder. */
    static Map<String, Path> in(Path folder) throws IOException {
        Map<String, Path> models = new LinkedHashMap<>();
        for (Map.Entry<String, Consumer<ByteBuffer>> patch : patches().entrySet()) {
            ByteBuffer bytes =
                    ByteBuffer.wrap(Files.readAllBytes(stories())).order(ByteOrder.LITTLE_ENDIAN);
            patch.getValue().accept(bytes);
            models.put(patch.getKey(), Files.write(file(folder, patch.getKey()), bytes.array()));
        }
        rewrites()
                .forEach((wrong, rewrite) -> {
                    models.put(wrong, file(folder, wrong));
                    rewrite.write(file(folder, wrong));
                });
        byte[] random = new byte[1 << 16];
        new Random(1).nextBytes(random);
        models.put("random bytes", Files.write(file(folder, "random bytes"), random));
        models.put("other content", Files.writeString(file(folder, "other content"), "{}\n"));
        models.put("a folder", folder);
        models.put("no file", file(folder, "no file"));
        return models;
    }

    /** Bytes of the file that say something else. */
    private static Map<String, Consumer<ByteBuffer>> patches() {
        Map<String, Consumer<ByteBuffer>> patches = new LinkedHashMap<>();
        patches.put("wrong magic", bytes -> bytes.put(3, (byte) 'G'));
        patches.put("version 99", bytes -> bytes.putInt(VERSION, 99));
        patches.put("2^60 tensors", bytes -> bytes.putLong(TENSOR_COUNT, 1L << 60));
        patches.put(
                "one tensor more",
                bytes -> bytes.putLong(TENSOR_COUNT, bytes.getLong(TENSOR_COUNT) + 1));
        patches.put("2^60 keys", bytes -> bytes.putLong(KEY_COUNT, 1L << 60));
        patches.put("no keys", bytes -> bytes.putLong(KEY_COUNT, 0));
        patches.put("a key of 2^60 bytes", bytes -> bytes.putLong(KEY_COUNT + 8, 1L << 60));
        patches.put("unknown tensor type", bytes -> bytes.putInt(info(bytes) + 20, 99));
        patches.put("five dimensions", bytes -> bytes.putInt(info(bytes), 5));
        patches.put("a tensor of 2^62 columns", bytes -> bytes.putLong(info(bytes) + 4, 1L << 62));
        patches.put("a tensor beyond the end", bytes -> bytes.putLong(info(bytes) + 24, 1L << 40));
        patches.put("other shape", DamagedModels::swapDimensions);
        return patches;
    }

    /** Files that are well-formed but lack something or have something else in its place. */
    private static Map<String, Rewrite> rewrites() {
        Map<String, Rewrite> rewrites = new LinkedHashMap<>();
        rewrites.put(
                "unknown architecture",
                new Rewrite(
                        key -> true,
                        Map.of("general.architecture", GgufValue.text("unheard-of")),
                        name -> true));
        rewrites.put("no architecture", without("general.architecture"::equals));
        rewrites.put("no number of layers", without("llama.block_count"::equals));
        rewrites.put("no tokenizer", without(key -> key.startsWith("tokenizer.")));
        rewrites.put("no vocabulary", without("tokenizer.ggml.tokens"::equals));
        rewrites.put(
                "unknown tokenizer",
                new Rewrite(
                        key -> true,
                        Map.of("tokenizer.ggml.model", GgufValue.text("unheard-of")),
                        name -> true));
        rewrites.put(
                "missing tensor", new Rewrite(key -> true, Map.of(), name -> !name.equals(TENSOR)));
        rewrites.put("no tensors", new Rewrite(key -> true, Map.of(), name -> false));
        return rewrites;
    }

    /**
     * What a file keeps.
     *
     * @param keys which of its metadata
     * @param replaced metadata with another value
     * @param tensors which of its tensors
     */
    private record Rewrite(
            Predicate<String> keys, Map<String, GgufValue> replaced, Predicate<String> tensors) {
        void write(Path target) {
            try (GgufFile sound = GgufFile.open(stories())) {
                GgufWriter writer = new GgufWriter();
                sound.values()
                        .forEach((key, value) -> {
                            if (keys.test(key)) {
                                writer.put(key, replaced.getOrDefault(key, value));
                            }
                        });
                for (Tensor tensor : sound.tensors()) {
                    if (tensors.test(tensor.name())) {
                        writer.tensor(
                                tensor.name(),
                                tensor.type(),
                                tensor.rows(),
                                tensor.columns(),
                                TensorData.of(tensor.data()));
                    }
                }
                writer.write(target);
            }
        }
    }

    private static Rewrite without(Predicate<String> keys) {
        return new Rewrite(keys.negate(), Map.of(), name -> true);
    }

    private static void swapDimensions(ByteBuffer bytes) {
        int dimensions = info(bytes) + 4;
        long columns = bytes.getLong(dimensions);
        bytes.putLong(dimensions, bytes.getLong(dimensions + 8));
        bytes.putLong(dimensions + 8, columns);
    }

    /** The offset of what follows a tensor's name: dimensions, type and place of the tensor. */
    private static int info(ByteBuffer bytes) {
        ByteBuffer name = ByteBuffer.wrap(TENSOR.getBytes(StandardCharsets.UTF_8));
        int at = 0;
        while (!bytes.slice(at, name.limit()).equals(name)) {
            at++;
        }
        return at + name.limit();
    }

    private static Path file(Path folder, String wrong) {
        return folder.resolve(wrong.replace(' ', '-').replace("^", "") + ".gguf");
    }

    private static Path stories() {
        return SharedData.require("models/stories260K-f32.gguf");
    }
}
