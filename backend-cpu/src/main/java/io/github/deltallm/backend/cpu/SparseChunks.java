package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

    /** Chunks that are looked through for room: their ends would be 5 % of the memory otherwise. */
    private static final int LATEST = 16;

    /** A new chunk is one part in so many of the memory. */
    private static final int PARTS = 16;

    private static final int LEAST = 1 << 12;
    private static final int MOST = 1 << 20;

    /** Bits of a place that tell the unit in a chunk; the others tell the chunk. */
    private static final int PLACE_BITS = 17;

    private static final int MOST_CHUNKS = (1 << (31 - PLACE_BITS)) - 1;

    /** Instead of the index of a chunk whose blocks move. */
    private static final int GONE = -1;

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

        boolean isShared() {
            return holders.get() > 1;
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
        int size = size(bytes);
        int chunk = withRoom(size);
        int place = place(chunk, used[chunk]);
        used[chunk] += size;
        return place;
    }

    private static int size(int bytes) {
        return bytes + UNIT - 1 & -UNIT;
    }

    private static int chunk(int place) {
        return place >>> PLACE_BITS;
    }

    private static int place(int chunk, int offset) {
        return chunk << PLACE_BITS | offset / UNIT;
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
        requirePlaces(last);
        int wanted = Math.clamp(total / PARTS, LEAST, MOST);
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

    private void requirePlaces(int chunk) {
        if (chunk > MOST_CHUNKS) {
            throw new DeltaLlmException(
                    "the keys or values of a layer, "
                            + total
                            + " bytes, are more than their blocks can be told apart in; use a"
                            + " shorter context");
        }
    }

    /**
     * Moves the blocks together, stream behind stream, apart from those in chunks that forks share.
     *
     * @param streams all whose blocks are here
     * @throws DeltaLlmException if there is no memory for it; then nothing has changed
     */
    synchronized void tidy(List<SparseRows> streams) {
        int[] kept = new int[chunks.length];
        int count = 0;
        for (int i = 0; i < kept.length; i++) {
            kept[i] = chunks[i].isShared() ? count++ : GONE;
        }
        List<Chunk> together = roomForAll(streams, kept, count);
        Chunk[] all = new Chunk[count + together.size()];
        int[] taken = new int[Math.max(4, all.length)];
        int[] takenWhenMarked = new int[taken.length];
        // From here on nothing is allocated, so that nothing fails.
        move(streams, kept, count, together);
        int ofOthers = 0;
        for (int i = 0; i < kept.length; i++) {
            if (kept[i] == GONE) {
                total -= chunks[i].data.byteSize();
                chunks[i].release();
            } else {
                all[kept[i]] = chunks[i];
                taken[kept[i]] = used[i];
                ofOthers += i < own ? 1 : 0;
            }
        }
        for (int i = count; i < all.length; i++) {
            Chunk chunk = together.get(i - count);
            all[i] = chunk;
            taken[i] = (int) chunk.data.byteSize() - OVERREAD;
            total += chunk.data.byteSize();
        }
        chunks = all;
        used = taken;
        marked = takenWhenMarked;
        own = ofOthers;
    }

    /** New chunks with just enough room for the blocks that move, in order. */
    private List<Chunk> roomForAll(List<SparseRows> streams, int[] kept, int count) {
        List<Integer> sizes = new ArrayList<>();
        int filled = MOST;
        for (SparseRows rows : streams) {
            for (int block = 0; block < rows.closedBlocks(); block++) {
                if (kept[chunk(rows.place(block))] == GONE) {
                    int size = size(rows.bytes(block));
                    boolean fits = filled + size + OVERREAD <= MOST;
                    filled = fits ? filled + size : size;
                    if (fits) {
                        sizes.set(sizes.size() - 1, filled);
                    } else {
                        sizes.add(filled);
                    }
                }
            }
        }
        requirePlaces(count + sizes.size());
        List<Chunk> together = new ArrayList<>();
        boolean done = false;
        try {
            for (int size : sizes) {
                together.add(new Chunk(size + OVERREAD));
            }
            done = true;
            return together;
        } finally {
            if (!done) {
                together.forEach(Chunk::release);
            }
        }
    }

    private void move(List<SparseRows> streams, int[] kept, int count, List<Chunk> together) {
        int to = 0;
        int at = 0;
        for (SparseRows rows : streams) {
            for (int block = 0; block < rows.closedBlocks(); block++) {
                int place = rows.place(block);
                int index = kept[chunk(place)];
                if (index == GONE) {
                    int size = size(rows.bytes(block));
                    if (at + size + OVERREAD > together.get(to).data.byteSize()) {
                        to++;
                        at = 0;
                    }
                    MemorySegment room = together.get(to).data;
                    MemorySegment.copy(data(place), offset(place), room, at, size);
                    rows.moved(block, place(count + to, at));
                    at += size;
                } else {
                    rows.moved(block, place(index, (int) offset(place)));
                }
            }
        }
    }

    /** The chunk that holds a block. */
    MemorySegment data(int place) {
        return chunks[chunk(place)].data;
    }

    /** Where in its chunk a block begins. */
    static long offset(int place) {
        return (long) (place & ((1 << PLACE_BITS) - 1)) * UNIT;
    }

    /** Bytes allocated, with those that are shared. */
    long bytes() {
        return total;
    }

    /** Bytes of chunks of this one's own that no block takes. */
    long unused() {
        long bytes = 0;
        for (int i = own; i < chunks.length; i++) {
            bytes += chunks[i].data.byteSize() - OVERREAD - used[i];
        }
        return bytes;
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
