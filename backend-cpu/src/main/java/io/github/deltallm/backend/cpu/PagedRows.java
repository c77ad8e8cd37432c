package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.KvStream;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The exact keys or values of one head: pages by position, some of which may be gone. */
final class PagedRows {
    final RowFormat format;
    private @Nullable Page[] pages;

    PagedRows(RowFormat format, int capacity) {
        this.format = format;
        pages = new Page[Math.min(Lanes.ceilDiv(capacity, Page.POSITIONS), 16)];
    }

    private PagedRows(PagedRows other) {
        format = other.format;
        pages = other.pages.clone();
        for (Page page : pages) {
            if (page != null) {
                page.share();
            }
        }
    }

    PagedRows fork() {
        return new PagedRows(this);
    }

    /**
     * Pages that {@link #prepare} will take for positions {@code [from, to)} from its source.
     *
     * @param kept rows up to here stay, as sinks
     * @param lent rows from there up to here are only needed in this run
     */
    int missing(int from, int to, int kept, int lent) {
        int missing = 0;
        for (int page = from / Page.POSITIONS; page * Page.POSITIONS < to; page++) {
            Page present = page < pages.length ? pages[page] : null;
            if (present == null ? !isLent(page, kept, lent) : present.isShared()) {
                missing++;
            }
        }
        return missing;
    }

    /** Whether a page holds only rows that are gone when the run ends. */
    private static boolean isLent(int page, int kept, int lent) {
        return page * Page.POSITIONS >= kept && (page + 1) * Page.POSITIONS <= lent;
    }

    /**
     * Makes the pages of positions {@code [from, to)} present and this cache's own.
     *
     * @param kept rows up to here stay, as sinks
     * @param lent rows from there up to here are only needed in this run
     */
    void prepare(int from, int to, PageSource source, int kept, int lent, StagingPages staging) {
        int end = Lanes.ceilDiv(to, Page.POSITIONS);
        if (end > pages.length) {
            pages = java.util.Arrays.copyOf(pages, Math.max(end, pages.length * 2));
        }
        for (int page = from / Page.POSITIONS; page < end; page++) {
            Page present = pages[page];
            if (present != null && !present.isShared()) {
                continue;
            }
            if (present == null && isLent(page, kept, lent)) {
                pages[page] = staging.take(format.pageBytes());
                continue;
            }
            Page own = source.take(format.pageBytes());
            if (present != null) {
                own.data().copyFrom(present.data());
                present.release();
            }
            pages[page] = own;
        }
    }

    /** Number of pages that nobody shares. */
    int ownPages() {
        int count = 0;
        for (Page page : pages) {
            count += page != null && page.isOwn() ? 1 : 0;
        }
        return count;
    }

    /**
     * Moves the pages that nobody shares to the next ones of a slab, as many as it has promised.
     */
    void move(Slab to) {
        for (int i = 0; i < pages.length; i++) {
            Page page = pages[i];
            if (page != null && page.isOwn() && to.hasClaimed()) {
                Page moved = to.take();
                moved.data().copyFrom(page.data());
                page.release();
                pages[i] = moved;
            }
        }
    }

    /** The page of a position that is present. */
    MemorySegment page(int position) {
        Page page = pages[position / Page.POSITIONS];
        if (page == null) {
            throw new IllegalStateException("position " + position + " is no longer kept");
        }
        return page.data();
    }

    /** Decodes the block of {@link RowFormat#BLOCK} positions that begins at {@code position}. */
    void expand(int position, MemorySegment out, long at) {
        format.expand(page(position), out, at);
    }

    /** See {@link RowFormat#scores}, for the block that begins at {@code position}. */
    void scores(int position, AttentionScratch scratch, float[] out, int to) {
        format.scores(page(position), scratch, out, to);
    }

    /** See {@link RowFormat#mix}, for the block that begins at {@code position}. */
    void mix(int position, int count, AttentionScratch scratch, int at) {
        format.mix(page(position), count, scratch, at);
    }

    void put(int position, MemorySegment row, long at) {
        format.put(page(position), position % Page.POSITIONS, row, at);
    }

    /** Releases the pages that hold no position of {@code [0, from)} nor of {@code [to, ...)}. */
    void release(int from, int to) {
        int first = Lanes.ceilDiv(from, Page.POSITIONS);
        int end = Math.min(to / Page.POSITIONS, pages.length);
        for (int page = first; page < end; page++) {
            Page present = pages[page];
            if (present != null) {
                present.release();
                pages[page] = null;
            }
        }
    }

    /** Releases the pages from a length on. */
    void truncate(int length) {
        release(length, pages.length * Page.POSITIONS);
    }

    /** Bytes of the pages held. */
    long bytes() {
        long bytes = 0;
        for (Page page : pages) {
            if (page != null) {
                bytes += page.bytes();
            }
        }
        return bytes;
    }

    /** Rows {@code [0, gapFrom)} and {@code [gapTo, length)}. */
    List<KvStream.Rows> export(int gapFrom, int gapTo, int length) {
        List<KvStream.Rows> runs = new ArrayList<>();
        if (gapFrom >= gapTo) {
            addRun(runs, 0, length);
        } else {
            addRun(runs, 0, Math.min(gapFrom, length));
            addRun(runs, Math.min(gapTo, length), length);
        }
        return runs;
    }

    private void addRun(List<KvStream.Rows> runs, int from, int to) {
        if (from < to) {
            runs.add(new KvStream.Rows(from, rows(from, to)));
        }
    }

    /** Rows {@code [from, to)} as they were rounded. */
    float[] rows(int from, int to) {
        float[] values = new float[Math.multiplyExact(to - from, format.dim)];
        for (int position = from; position < to; position++) {
            MemorySegment page = page(position);
            for (int c = 0; c < format.dim; c++) {
                values[(position - from) * format.dim + c] =
                        format.get(page, position % Page.POSITIONS, c);
            }
        }
        return values;
    }

    /** Puts exported rows back; their pages must be prepared. */
    void restore(KvStream.Rows rows) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = Native.floats(arena, format.dim, "a row");
            for (int i = 0; i < rows.values().length / format.dim; i++) {
                MemorySegment.copy(rows.values(), i * format.dim, row, Lanes.FLOAT, 0, format.dim);
                put(rows.from() + i, row, 0);
            }
        }
    }
}
