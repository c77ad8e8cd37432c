package io.github.deltallm.engine.gguf;

import io.github.deltallm.api.spi.TensorType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Lays out GGUF files byte by byte, right or wrong, as the specification has them and without the
 * writer under test.
 */
final class GgufBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Magic, version and both counts: 24 bytes. */
    static GgufBytes header(int version, long tensors, long keys) {
        return new GgufBytes().raw("GGUF").u32(version).u64(tensors).u64(keys);
    }

    /** The smallest complete file with something of everything: two keys, two tensors. */
    static GgufBytes small() {
        return header(3, 2, 2)
                .string("general.architecture")
                .u32(8)
                .string("llama")
                .string("tokenizer.ggml.tokens")
                .u32(9)
                .u32(8)
                .u64(3)
                .string("<s>")
                .string("a")
                .string("bc")
                .tensor("a.weight", TensorType.F32.id(), 0, 4, 2)
                .tensor("b.weight", TensorType.Q8_0.id(), 32, 32)
                .pad(32)
                .zeros(32)
                .zeros(34);
    }

    GgufBytes raw(String ascii) {
        return raw(ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    GgufBytes raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    GgufBytes u8(int value) {
        out.write(value);
        return this;
    }

    GgufBytes u16(int value) {
        return raw(buffer(2).putShort((short) value).array());
    }

    GgufBytes u32(int value) {
        return raw(buffer(4).putInt(value).array());
    }

    GgufBytes u64(long value) {
        return raw(buffer(8).putLong(value).array());
    }

    GgufBytes f32(float value) {
        return raw(buffer(4).putFloat(value).array());
    }

    GgufBytes f64(double value) {
        return raw(buffer(8).putDouble(value).array());
    }

    GgufBytes string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return u64(utf8.length).raw(utf8);
    }

    GgufBytes zeros(int count) {
        return raw(new byte[count]);
    }

    GgufBytes pad(int alignment) {
        while (out.size() % alignment != 0) {
            out.write(0);
        }
        return this;
    }

    GgufBytes key(String name, int type) {
        return string(name).u32(type);
    }

    GgufBytes tensor(String name, int type, long offset, long... dimensions) {
        string(name).u32(dimensions.length);
        for (long dimension : dimensions) {
            u64(dimension);
        }
        return u32(type).u64(offset);
    }

    int size() {
        return out.size();
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    GgufFile open() {
        return GgufFile.of("made.gguf", MemorySegment.ofArray(toBytes()));
    }

    Path in(Path folder, String name) {
        try {
            return Files.write(folder.resolve(name), toBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
