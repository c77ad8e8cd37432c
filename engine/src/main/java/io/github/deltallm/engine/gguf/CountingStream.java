package io.github.deltallm.engine.gguf;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Writes GGUF's primitives and knows how many bytes have passed. */
final class CountingStream extends OutputStream {
    private final OutputStream out;
    private final byte[] scratch = new byte[Long.BYTES];
    private final MemorySegment number = MemorySegment.ofArray(scratch);
    private long count;

    CountingStream(OutputStream out) {
        this.out = out;
    }

    long count() {
        return count;
    }

    @Override
    public void write(int b) throws IOException {
        out.write(b);
        count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        count += length;
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    void bytes(byte[] bytes) throws IOException {
        write(bytes, 0, bytes.length);
    }

    void number(GgufType type, long value) throws IOException {
        LittleEndian.put(number, 0, type, value);
        write(scratch, 0, type.width());
    }

    void int32(int value) throws IOException {
        number(GgufType.INT32, value);
    }

    void int64(long value) throws IOException {
        number(GgufType.INT64, value);
    }

    void string(String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int64(utf8.length);
        bytes(utf8);
    }

    /** Zeros up to the next multiple of the alignment. */
    void align(long alignment) throws IOException {
        for (long missing = Header.aligned(count, alignment) - count; missing > 0; missing--) {
            write(0);
        }
    }
}
