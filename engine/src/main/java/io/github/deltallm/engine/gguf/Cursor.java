package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.ModelFormatException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Walks a file's bytes from the first on; every step checks that the file has the bytes it takes.
 */
final class Cursor {
    static final String DOWNLOAD_AGAIN = "the file is damaged or cut off, download it again";

    private static final int SHOWN_NAME = 100;

    private final String source;
    private final MemorySegment data;
    private long position;

    Cursor(String source, MemorySegment data) {
        this.source = source;
        this.data = data;
    }

    String source() {
        return source;
    }

    long position() {
        return position;
    }

    long size() {
        return data.byteSize();
    }

    long remaining() {
        return data.byteSize() - position;
    }

    int int32(String field) {
        return (int) integer(GgufType.INT32, field);
    }

    long int64(String field) {
        return integer(GgufType.INT64, field);
    }

    long integer(GgufType type, String field) {
        long at = take(type.width(), field);
        return LittleEndian.integer(data, at, type);
    }

    double real(GgufType type, String field) {
        long at = take(type.width(), field);
        return LittleEndian.real(data, at, type);
    }

    /** The next bytes in place. */
    MemorySegment slice(long bytes, String field) {
        return data.asSlice(take(bytes, field), bytes);
    }

    /** The bytes of a string that is announced by its length. */
    MemorySegment string(long longest, String field) {
        long at = position;
        long length = int64(field);
        checkLength(at, length, longest, remaining(), field);
        return slice(length, field);
    }

    /** A name that people will read: strict UTF-8, not empty. */
    String name(long longest, String field) {
        long at = position;
        MemorySegment bytes = string(longest, field);
        if (bytes.byteSize() == 0) {
            throw fail(field, at, "its name is empty");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw fail(field, at, "its name is not valid UTF-8");
        }
    }

    /** Strings that follow each other, without decoding them. */
    GgufArray strings(int count, long longest, String field) {
        long start = position;
        long end = data.byteSize();
        long at = start;
        StringIndex.Builder index = new StringIndex.Builder();
        for (int i = 0; i < count; i++) {
            if (end - at < Long.BYTES) {
                throw cutOff(field + " string " + i, at, Long.BYTES);
            }
            long length = data.get(LittleEndian.LONG, at);
            if (length < 0 || length > longest || length > end - at - Long.BYTES) {
                checkLength(at, length, longest, end - at - Long.BYTES, field + " string " + i);
            }
            index.add(at - start);
            at += Long.BYTES + length;
        }
        MemorySegment slice = slice(at - start, field);
        return new GgufArray(GgufType.STRING, count, slice, index.build(slice));
    }

    private void checkLength(long at, long length, long longest, long left, String field) {
        if (length < 0 || length > left) {
            throw fail(
                    field,
                    at,
                    "a string of "
                            + Long.toUnsignedString(length)
                            + " bytes is announced, but the file has only "
                            + left
                            + " more; it is damaged or cut off, download it again");
        }
        if (length > longest) {
            throw fail(
                    field,
                    at,
                    "a string of "
                            + length
                            + " bytes is longer than the "
                            + longest
                            + " allowed here");
        }
    }

    private long take(long bytes, String field) {
        if (bytes > remaining()) {
            throw cutOff(field, position, bytes);
        }
        long at = position;
        position += bytes;
        return at;
    }

    private ModelFormatException cutOff(String field, long at, long bytes) {
        return fail(
                field,
                at,
                bytes
                        + " bytes are needed here, but the file ends at byte "
                        + size()
                        + "; it is cut off, download it again");
    }

    /** One sentence: file, field, byte offset, what is wrong. */
    ModelFormatException fail(String field, long offset, String problem) {
        return new ModelFormatException(place(field, offset) + problem);
    }

    String place(String field, long offset) {
        return source + ": " + field + " at byte " + offset + ": ";
    }

    /** A name from the file, fit for a message of one line. */
    static String shown(String name) {
        String line = GgufText.escaped(name);
        return line.length() <= SHOWN_NAME ? line : line.substring(0, SHOWN_NAME) + "...";
    }
}
