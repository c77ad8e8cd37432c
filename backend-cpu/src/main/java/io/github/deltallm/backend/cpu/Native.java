package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/** Off-heap memory, zeroed and aligned to 64 bytes: a load that crosses a cache line costs two. */
final class Native {
    private Native() {}

    /** Bytes from which it is asked first whether there are so many. */
    private static final long MUCH = 1 << 20;

    /**
     * @param what what it is for, for the message
     * @throws DeltaLlmException if there is not so much memory
     */
    static MemorySegment allocate(Arena arena, long bytes, String what) {
        requireIfMuch(bytes, what);
        try {
            return arena.allocate(bytes, 64);
        } catch (OutOfMemoryError e) {
            throw new DeltaLlmException(
                    "the system has not given "
                            + bytes
                            + " bytes for "
                            + what
                            + "; use a smaller model, a shorter context or smaller steps, or end"
                            + " other programs",
                    e);
        }
    }

    /**
     * Asks for what is going to be allocated, also in parts that are too small to be asked for.
     *
     * @throws DeltaLlmException if there is not so much memory
     */
    static void requireIfMuch(long bytes, String what) {
        if (bytes >= MUCH) {
            require(bytes, what, Processor.availableWithSwap());
        }
    }

    /**
     * What a system promises but does not have would end the process without a word.
     *
     * @param available bytes, if they are known
     */
    static void require(long bytes, String what, OptionalLong available) {
        if (bytes > available.orElse(Long.MAX_VALUE)) {
            throw new DeltaLlmException(
                    "there is not enough memory for "
                            + bytes
                            + " bytes of "
                            + what
                            + ": "
                            + available.getAsLong()
                            + " are available; use a smaller model, a shorter context or smaller"
                            + " steps, or end other programs");
        }
    }

    static MemorySegment floats(Arena arena, long count, String what) {
        return allocate(arena, Math.multiplyExact(count, 4L), what);
    }
}
