package io.github.deltallm.engine.gguf;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Produces a tensor's bytes when a {@link GgufWriter} has come to them. */
@FunctionalInterface
public interface TensorData {
    /**
     * Writes exactly the tensor's bytes, in pieces of any size; the stream is buffered and closed
     * by its owner.
     *
     * @throws IOException if the data can't be made or the stream can't be written
     */
    void writeTo(OutputStream out) throws IOException;

    /** The bytes of a segment, which must be alive until they are written. */
    static TensorData of(MemorySegment data) {
        return out -> {
            byte[] buffer = new byte[(int) Math.min(1 << 16, data.byteSize())];
            for (long at = 0; at < data.byteSize(); at += buffer.length) {
                int bytes = (int) Math.min(buffer.length, data.byteSize() - at);
                MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, buffer, 0, bytes);
                out.write(buffer, 0, bytes);
            }
        };
    }
}
