package io.github.deltallm.backend.tornado;

import java.util.BitSet;

/** Which pages of the device's pool are taken. */
final class PagePool {
    private final BitSet taken = new BitSet();
    private int pages;

    PagePool(int pages) {
        this.pages = pages;
    }

    int pages() {
        return pages;
    }

    int free() {
        return pages - taken.cardinality();
    }

    /** Takes a page. */
    int take() {
        int page = taken.nextClearBit(0);
        if (page >= pages) {
            throw new IllegalStateException("all " + pages + " pages of the pool are taken");
        }
        taken.set(page);
        return page;
    }

    void release(int page) {
        taken.clear(page);
    }

    /** The pool has become larger. */
    void grow(int more) {
        pages = more;
    }

    int[] taken() {
        return taken.stream().toArray();
    }
}
