package io.github.deltallm.backend.cpu;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The keys or values of one head at {@link #POSITIONS} consecutive positions. Caches that were
 * forked share it; it may be written only while one of them holds it.
 */
final class Page {
    /** Positions of a page. */
    static final int POSITIONS = RowFormat.BLOCK;

    /** Absent where the page is only lent for a run. */
    private final @Nullable Slab slab;

    private final MemorySegment data;
    private final AtomicInteger holders = new AtomicInteger(1);

    Page(@Nullable Slab slab, MemorySegment data) {
        this.slab = slab;
        this.data = data;
    }

    MemorySegment data() {
        return data;
    }

    long bytes() {
        return slab == null ? 0 : slab.pageBytes();
    }

    /** Whether it is neither shared nor lent. */
    boolean isOwn() {
        return slab != null && !isShared();
    }

    boolean isShared() {
        return holders.get() > 1;
    }

    Page share() {
        holders.incrementAndGet();
        return this;
    }

    void release() {
        if (slab != null && holders.decrementAndGet() == 0) {
            slab.giveBack(data);
        }
    }
}
