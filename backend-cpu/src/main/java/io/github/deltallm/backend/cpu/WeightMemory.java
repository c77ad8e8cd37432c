package io.github.deltallm.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Where repacked weights lie: one after the other, in pieces of {@link HugePages} where there are
 * any, so that small tensors fill huge pages as well. Not thread-safe.
 */
final class WeightMemory {
    /** Of a piece; what stays unused of it is never backed by memory. */
    private static final long PIECE = 64L << 20;

    private static final long ALIGNMENT = 64;

    private final Arena arena;
    private MemorySegment free = MemorySegment.NULL;

    WeightMemory(Arena arena) {
        this.arena = arena;
    }

    /** Closes the memory. */
    Arena arena() {
        return arena;
    }

    /**
     * Zeroed memory, aligned to 64 bytes.
     *
     * @throws io.github.deltallm.api.DeltaLlmException if there is not so much memory
     */
    MemorySegment allocate(long bytes, String what) {
        return huge(bytes).orElseGet(() -> Native.allocate(arena, bytes, what));
    }

    /** The same, if it can be had in huge pages. */
    Optional<MemorySegment> huge(long bytes) {
        long size = bytes + ALIGNMENT - 1 & -ALIGNMENT;
        boolean fits = size <= free.byteSize();
        MemorySegment piece = fits ? free : newPiece(size);
        if (size > piece.byteSize()) {
            return Optional.empty();
        }
        MemorySegment rest = piece.asSlice(size);
        if (fits || rest.byteSize() > free.byteSize()) {
            free = rest;
        }
        return Optional.of(piece.asSlice(0, bytes));
    }

    private MemorySegment newPiece(long size) {
        return HugePages.allocate(arena, Math.max(size, PIECE)).orElse(MemorySegment.NULL);
    }
}
