package io.github.deltallm.evaluation;

import io.github.deltallm.api.DeltaLlmException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A task's data, read as a whole.
 *
 * @param path where it is
 * @param text its content
 * @param sha256 of the content, lower-case hexadecimal
 */
record DataFile(Path path, String text, String sha256) {

    /**
     * Reads a UTF-8 file.
     *
     * @throws DeltaLlmException if it can't be read or is not UTF-8
     */
    static DataFile read(Path path) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new DeltaLlmException("there is no file " + path + "; check the path", e);
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + path + " can't be read: " + e.getMessage(), e);
        }
        try {
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            return new DataFile(path, text, sha256(bytes));
        } catch (CharacterCodingException e) {
            throw new DeltaLlmException("the file " + path + " is not UTF-8 text", e);
        }
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The whole content as one JSON value. */
    JsonTree json() {
        return JsonTree.parse("the file " + path, text);
    }

    /** A JSON value a line; empty lines are passed over. */
    List<JsonTree> rows() {
        List<JsonTree> rows = new ArrayList<>();
        int line = 0;
        for (String content : text.split("\r?\n", -1)) {
            line++;
            if (!content.isBlank()) {
                rows.add(JsonTree.parse("the file " + path + ", line " + line, content));
            }
        }
        if (rows.isEmpty()) {
            throw new DeltaLlmException("the file " + path + " is empty");
        }
        return rows;
    }

    /** Lines of the file beside this one whose name is this one's with {@code -labels.lst}. */
    Optional<List<String>> labels() {
        Path name = path.getFileName();
        String stem = name == null ? "" : name.toString().replaceFirst("\\.[^.]*$", "");
        Path beside = path.resolveSibling(stem + "-labels.lst");
        return Files.exists(beside)
                ? Optional.of(read(beside).text().strip().lines().map(String::strip).toList())
                : Optional.empty();
    }
}
