package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Off-heap memory, zeroed and aligned to 64 bytes: a load that crosses a cache line costs two. */
final class Native {
    private Native() {}

    /**
     * @param what what it is for, for the message
     * @throws DeltaLlmException if there is not so much memory
     */
    static MemorySegment allocate(Arena arena, long bytes, String what) {
        try {
            return arena.allocate(bytes, 64);
        } catch (OutOfMemoryError e) {
            throw new DeltaLlmException(
                    "there is not enough native memory for "
                            + bytes
                            + " bytes of "
                            + what
                            + "; raise -XX:MaxDirectMemorySize, or use a smaller model, a shorter"
                            + " context or smaller steps",
                    e);
        }
    }

    static MemorySegment floats(Arena arena, long count, String what) {
        return allocate(arena, Math.multiplyExact(count, 4L), what);
    }
}
