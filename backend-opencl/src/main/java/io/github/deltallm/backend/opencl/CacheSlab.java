package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.DeltaLlmException;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys, or the values, of one layer of a sequence and its forks: one buffer of 32-bit words,
 * which grows by being copied. Guarded by the lock of the executable.
 */
final class CacheSlab {
    private final ClContext context;
    private final ClQueue queue;
    private final String what;
    private final CacheSpace space = new CacheSpace();
    private @Nullable ClBuffer buffer;

    /**
     * @param what it holds, for messages: "the keys of layer 3"
     */
    CacheSlab(ClContext context, ClQueue queue, String what) {
        this.context = context;
        this.queue = queue;
        this.what = what;
    }

    /** Makes room for what will be taken next, so that it grows but once. */
    void reserve(long words) {
        if (words > space.freeWords()) {
            grow(words - space.freeAtEnd());
        }
    }

    /** Takes words, whose contents are undefined. */
    CacheExtent take(int words) {
        int size = CacheSpace.rounded(words);
        int place = space.take(size);
        if (place < 0) {
            grow(size - space.freeAtEnd());
            place = space.take(size);
        }
        return new CacheExtent(place, size, false);
    }

    /** Gives up one's share. */
    void release(CacheExtent extent) {
        if (!extent.lent && extent.leave()) {
            space.give(extent.place, extent.words);
        }
    }

    /** By an eighth at least, where there is room for that. */
    private void grow(long more) {
        long least = space.words() + more;
        long wanted = Math.min(least + least / 8, limit());
        wanted = wanted / CacheSpace.GRANULE * CacheSpace.GRANULE;
        if (least > limit()) {
            throw context.memory()
                    .refused(
                            4 * least,
                            what,
                            "one buffer of a cache has "
                                    + MemoryBudget.size(4 * limit())
                                    + " at most");
        }
        ClBuffer larger;
        try {
            larger = context.buffer(BufferUse.CACHES, 4 * wanted, what);
        } catch (DeltaLlmException e) {
            if (wanted == least) {
                throw e;
            }
            wanted = least;
            larger = context.buffer(BufferUse.CACHES, 4 * least, what);
        }
        ClBuffer old = buffer;
        if (old != null) {
            try {
                queue.copy(old, 0, larger, 0, 4L * space.words());
            } catch (RuntimeException e) {
                try {
                    larger.close();
                } catch (RuntimeException again) {
                    e.addSuppressed(again);
                }
                throw e;
            }
        }
        buffer = larger;
        space.grow((int) wanted);
        if (old != null) {
            old.close();
        }
    }

    private long limit() {
        long words = Math.min(Integer.MAX_VALUE, context.device().limits().maxAlloc() / 4);
        return words / CacheSpace.GRANULE * CacheSpace.GRANULE;
    }

    /** The buffer; there is one as soon as something was taken. */
    ClBuffer buffer() {
        ClBuffer own = buffer;
        if (own == null) {
            throw new IllegalStateException("there is nothing in " + what);
        }
        return own;
    }

    /** Words that nobody has taken. */
    int freeWords() {
        return space.freeWords();
    }

    void write(CacheExtent extent, int[] words) {
        write(List.of(new Filling(extent, words)));
    }

    /** What is to be written to an extent. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Filling(CacheExtent extent, int[] words) {}

    /** Writes several extents; waits for the device once. */
    void write(List<Filling> fillings) {
        try (Arena arena = Arena.ofConfined()) {
            try {
                for (Filling filling : fillings) {
                    int[] words = filling.words;
                    MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_INT, words);
                    queue.write(buffer(), 4L * filling.extent.place, copy, 0, 4L * words.length);
                }
            } finally {
                queue.finish();
            }
        }
    }

    int[] read(CacheExtent extent) {
        return read(List.of(extent)).getFirst();
    }

    /** Reads the words of several extents; waits for the device once. */
    List<int[]> read(List<CacheExtent> extents) {
        List<MemorySegment> copies = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            try {
                for (CacheExtent extent : extents) {
                    MemorySegment copy = arena.allocate(ValueLayout.JAVA_INT, extent.words);
                    copies.add(copy);
                    queue.readLater(buffer(), 4L * extent.place, copy, 0, 4L * extent.words);
                }
            } finally {
                queue.finish();
            }
            return copies.stream().map(copy -> copy.toArray(ValueLayout.JAVA_INT)).toList();
        }
    }

    /** A copy of one's own. */
    CacheExtent copy(CacheExtent extent) {
        CacheExtent own = take(extent.words);
        queue.copy(buffer(), 4L * extent.place, buffer(), 4L * own.place, 4L * extent.words);
        return own;
    }

    /** Gives the memory back if nothing is in it. */
    void trim() {
        if (space.freeWords() == space.words()) {
            close();
        }
    }

    private void close() {
        ClBuffer own = buffer;
        if (own != null) {
            buffer = null;
            space.clear();
            own.close();
        }
    }
}
