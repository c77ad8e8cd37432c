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

    private static final int LEAST = 1 << 12;
    private static final int MOST = 1 << 20;

    /** Bits of a place that tell the unit in a chunk; the others tell the chunk. */
    private static final int PLACE_BITS = 17;

    private static final int MOST_CHUNKS = (1 << (31 - PLACE_BITS)) - 1;

    private Chunk[] chunks = new Chunk[0];
    private int own;
    private int used;
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
        int last = chunks.length - 1;
        if (last < own || used + size + OVERREAD > chunks[last].data.byteSize()) {
            int wanted = Math.clamp(total / 64, LEAST, MOST);
            Chunk chunk = new Chunk(Math.max(wanted, size + OVERREAD));
            total += chunk.data.byteSize();
            chunks = Arrays.copyOf(chunks, ++last + 1);
            chunks[last] = chunk;
            used = 0;
        }
        if (last > MOST_CHUNKS) {
            throw new DeltaLlmException(
                    "a key-value cache of "
                            + total
                            + " bytes is more than its blocks can be told"
                            + " apart in; use a shorter context");
        }
        int place = last << PLACE_BITS | used / UNIT;
        used += size;
        return place;
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

    /** Where allocation stands, to go back to. */
    synchronized long mark() {
        return (long) chunks.length << 32 | used;
    }

    /** Gives back everything that was allocated since a mark. */
    synchronized void reset(long mark) {
        int count = (int) (mark >>> 32);
        for (int i = count; i < chunks.length; i++) {
            total -= chunks[i].data.byteSize();
            chunks[i].release();
        }
        chunks = Arrays.copyOf(chunks, Math.min(count, chunks.length));
        used = (int) mark;
    }

    /** Releases all. */
    void clear() {
        own = 0;
        reset(0);
    }
}
