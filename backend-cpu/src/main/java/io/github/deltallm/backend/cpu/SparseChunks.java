package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory for blocks of events, which differ in size and never change once written. Caches that were
 * forked share what they have in common; each goes on in chunks of its own.
 */
final class SparseChunks {
    /** Kernels load whole registers: so many bytes behind a block may be read. */
    private static final int OVERREAD = 64;

    /** Blocks begin at multiples of so many bytes. */
    private static final int UNIT = 8;

    /** Chunks that are looked through for room: their ends would be 1 % of the memory otherwise. */
    private static final int LATEST = 64;

    private static final int LEAST = 1 << 12;
    private static final int MOST = 1 << 20;

    /** Bits of a place that tell the unit in a chunk; the others tell the chunk. */
    private static final int PLACE_BITS = 17;

    private static final int MOST_CHUNKS = (1 << (31 - PLACE_BITS)) - 1;

    /** Never changed once it is there: threads that read blocks do not lock. */
    private volatile Chunk[] chunks = new Chunk[0];

    private int own;

    /** Bytes of each chunk that are taken, now and when it was marked. */
    private int[] used = new int[4];

    private int[] marked = new int[4];
    private long total;

    /** Memory that is freed with its last holder. */
    private static final class Chunk {
        final Arena arena = Arena.ofShared();
        final MemorySegment data;
        final AtomicInteger holders = new AtomicInteger(1);

        Chunk(int bytes) {
            try {
                data = Native.allocate(arena, bytes, "a key-value cache");
            } catch (RuntimeException e) {
                arena.close();
                throw e;
            }
        }

        void release() {
            if (holders.decrementAndGet() == 0) {
                arena.close();
            }
        }
    }

    SparseChunks fork() {
        SparseChunks fork = new SparseChunks();
        fork.chunks = chunks.clone();
        fork.own = chunks.length;
        fork.total = total;
        fork.used = used.clone();
        fork.marked = marked.clone();
        for (Chunk chunk : chunks) {
            chunk.holders.incrementAndGet();
        }
        return fork;
    }

    /**
     * Room for a block.
     *
     * @return where it is, see {@link #data} and {@link #offset}
     */
    synchronized int allocate(int bytes) {
        int size = bytes + UNIT - 1 & -UNIT;
        int chunk = withRoom(size);
        int place = chunk << PLACE_BITS | used[chunk] / UNIT;
        used[chunk] += size;
        return place;
    }

    /** The first of the latest chunks that has room, so that no chunk's end is left empty. */
    private int withRoom(int size) {
        for (int i = Math.max(own, chunks.length - LATEST); i < chunks.length; i++) {
            if (used[i] + size + OVERREAD <= chunks[i].data.byteSize()) {
                return i;
            }
        }
        return add(size);
    }

    private int add(int size) {
        int last = chunks.length;
        if (last > MOST_CHUNKS) {
            throw new DeltaLlmException(
                    "a key-value cache of "
                            + total
                            + " bytes is more than its blocks can be told"
                            + " apart in; use a shorter context");
        }
        int wanted = Math.clamp(total / 64, LEAST, MOST);
        Chunk chunk = new Chunk(Math.max(wanted, size + OVERREAD));
        total += chunk.data.byteSize();
        Chunk[] more = Arrays.copyOf(chunks, last + 1);
        more[last] = chunk;
        chunks = more;
        if (used.length == last) {
            used = Arrays.copyOf(used, 2 * last);
            marked = Arrays.copyOf(marked, 2 * last);
        }
        used[last] = 0;
        return last;
    }

    /** The chunk that holds a block. */
    MemorySegment data(int place) {
        return chunks[place >>> PLACE_BITS].data;
    }

    /** Where in its chunk a block begins. */
    static long offset(int place) {
        return (long) (place & ((1 << PLACE_BITS) - 1)) * UNIT;
    }

    /** Bytes allocated, with those that are shared. */
    long bytes() {
        return total;
    }

    /**
     * Notes what is taken, for {@link #reset}.
     *
     * @return the number of chunks
     */
    synchronized int mark() {
        System.arraycopy(used, 0, marked, 0, chunks.length);
        return chunks.length;
    }

    /** Gives back everything that was allocated since the last mark, which gave {@code count}. */
    synchronized void reset(int count) {
        for (int i = count; i < chunks.length; i++) {
            total -= chunks[i].data.byteSize();
            chunks[i].release();
        }
        chunks = Arrays.copyOf(chunks, Math.min(count, chunks.length));
        System.arraycopy(marked, 0, used, 0, chunks.length);
    }

    /** Releases all. */
    void clear() {
        own = 0;
        reset(0);
    }
}
