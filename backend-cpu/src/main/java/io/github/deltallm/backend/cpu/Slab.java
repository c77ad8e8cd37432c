package io.github.deltallm.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * One allocation that is handed out in pages; it is freed when the last page has come back. Pages
 * may come back from other threads, when forked caches are closed there.
 */
final class Slab {
    private final Arena arena = Arena.ofShared();
    private final long pageBytes;
    private final ArrayDeque<MemorySegment> free;

    /** The first of the free pages were never in use: so many. */
    private int untouched;

    /** Pages that are in use or promised to their source. */
    private int held;

    private int claimed;
    private boolean open = true;

    Slab(long pageBytes, int pages) {
        this.pageBytes = pageBytes;
        free = new ArrayDeque<>(pages);
        untouched = pages;
        MemorySegment all;
        try {
            all = Native.allocate(arena, Math.multiplyExact(pageBytes, pages), "a key-value cache");
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
        for (int page = 0; page < pages; page++) {
            free.add(all.asSlice(page * pageBytes, pageBytes));
        }
    }

    long pageBytes() {
        return pageBytes;
    }

    /** Bytes of the pages that nobody holds, as long as the memory is allocated. */
    synchronized long freeBytes() {
        return open ? free.size() * pageBytes : 0;
    }

    synchronized boolean isOpen() {
        return open;
    }

    /**
     * Promises up to {@code wanted} free pages to the source, so that the slab stays open until
     * they are taken, whatever other threads give back meanwhile.
     *
     * @return how many
     */
    synchronized int claim(int wanted) {
        int pages = open ? Math.min(wanted, free.size() - claimed) : 0;
        claimed += pages;
        held += pages;
        return pages;
    }

    synchronized boolean hasClaimed() {
        return claimed > 0;
    }

    /** A page that was claimed, all zero. */
    synchronized Page take() {
        claimed--;
        MemorySegment page = free.remove();
        if (untouched > 0) {
            untouched--;
        } else {
            page.fill((byte) 0);
        }
        return new Page(this, page);
    }

    /** Takes a page back. */
    synchronized void giveBack(MemorySegment page) {
        held--;
        if (held > 0) {
            free.add(page);
        } else {
            close();
        }
    }

    /** Takes the promises back, and frees the memory if no page is in use. */
    synchronized void closeUnused() {
        held -= claimed;
        claimed = 0;
        if (open && held == 0) {
            close();
        }
    }

    private void close() {
        open = false;
        free.clear();
        arena.close();
    }
}
