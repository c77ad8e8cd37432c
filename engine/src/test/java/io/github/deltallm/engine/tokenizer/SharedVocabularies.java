package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.testsupport.SharedData;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Tokenizers of real models and the ids that their own software gives for some texts. */
final class SharedVocabularies {
    private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

    /** A text and its ids. */
    record Pair(String text, int[] ids) {}

    private SharedVocabularies() {}

    static Tokenizer open(Path file) {
        try (GgufFile gguf = GgufFile.open(file)) {
            return Tokenizer.of(gguf.metadata());
        }
    }

    /** The vocabulary {@code tokenizers/ggml-vocab-NAME.gguf}. */
    static Tokenizer vocabulary(String name) {
        return open(SharedData.require("tokenizers/ggml-vocab-" + name + ".gguf"));
    }

    static List<Pair> pairs(String name) {
        String base = "tokenizers/ggml-vocab-" + name + ".gguf";
        String[] texts = read(base + ".inp").split(SEPARATOR, -1);
        List<String> lines = read(base + ".out").lines().toList();
        return IntStream.range(0, lines.size())
                .mapToObj(i -> new Pair(texts[i], ids(lines.get(i))))
                .toList();
    }

    static Object json(String relative) {
        return Json.parse(read(relative));
    }

    private static int[] ids(String line) {
        return Arrays.stream(line.split(" "))
                .filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static String read(String relative) {
        try {
            return Files.readString(SharedData.require(relative));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
