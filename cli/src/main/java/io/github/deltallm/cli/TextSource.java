package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads whole UTF-8 texts, exactly as they are: a line break at the end belongs to them. */
final class TextSource {
    /** The name that stands for standard input. */
    static final String STANDARD_INPUT = "-";

    private TextSource() {}

    /**
     * The text of a file, or of standard input for {@code -}.
     *
     * @throws DeltaLlmException if it can't be read or is not UTF-8
     */
    static String read(String name, Streams streams) {
        return name.equals(STANDARD_INPUT)
                ? standardInput(streams)
                : decode(bytes(Path.of(name)), "the file " + name);
    }

    static String standardInput(Streams streams) {
        InputStream in = streams.in();
        try {
            return decode(in.readAllBytes(), "standard input");
        } catch (IOException e) {
            throw new DeltaLlmException("standard input can't be read: " + e.getMessage(), e);
        }
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new DeltaLlmException("there is no file " + file + "; check the path", e);
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + file + " can't be read: " + e.getMessage(), e);
        }
    }

    private static String decode(byte[] bytes, String what) {
        CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer text = CharBuffer.allocate(bytes.length);
        CoderResult result = utf8.decode(in, text, true);
        if (result.isError()) {
            throw new DeltaLlmException(
                    what + " is not UTF-8 text: byte " + in.position() + " does not belong there");
        }
        return text.flip().toString();
    }
}
