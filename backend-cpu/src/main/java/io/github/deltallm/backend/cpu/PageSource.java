package io.github.deltallm.backend.cpu;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Where a layer's keys or values take their pages from. It allocates in slabs of exactly as many
 * pages as are asked for at a time, after using up pages that came back.
 */
final class PageSource {
    private final List<Slab> slabs = new ArrayList<>();

    /** Claims {@code pages} pages of this size. */
    void reserve(long pageBytes, int pages) {
        int missing = pages;
        if (missing == 0) {
            return;
        }
        for (Iterator<Slab> all = slabs.iterator(); all.hasNext(); ) {
            Slab slab = all.next();
            if (!slab.isOpen()) {
                all.remove();
            } else if (slab.pageBytes() == pageBytes) {
                missing -= slab.claim(missing);
            }
        }
        if (missing > 0) {
            reserveTogether(pageBytes, missing);
        }
    }

    /** Claims {@code pages} new pages of this size, which lie one behind the other. */
    Slab reserveTogether(long pageBytes, int pages) {
        Slab slab = new Slab(pageBytes, pages);
        slab.claim(pages);
        slabs.add(slab);
        return slab;
    }

    /** A page that was reserved, all zero. */
    Page take(long pageBytes) {
        for (int i = slabs.size() - 1; i >= 0; i--) {
            Slab slab = slabs.get(i);
            if (slab.pageBytes() == pageBytes && slab.hasClaimed()) {
                return slab.take();
            }
        }
        throw new IllegalStateException("no page of " + pageBytes + " bytes was reserved");
    }

    /** Frees what was reserved and never taken. */
    void closeUnused() {
        slabs.forEach(Slab::closeUnused);
    }

    /** Bytes that are allocated but in no cache's use. */
    long freeBytes() {
        long bytes = 0;
        for (Slab slab : slabs) {
            bytes += slab.freeBytes();
        }
        return bytes;
    }
}
