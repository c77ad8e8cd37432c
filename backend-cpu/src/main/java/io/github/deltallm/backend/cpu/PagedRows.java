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

    /** Pages that {@link #prepare} will take for positions {@code [from, to)}. */
    int missing(int from, int to) {
        int missing = 0;
        for (int page = from / Page.POSITIONS; page * Page.POSITIONS < to; page++) {
            Page present = page < pages.length ? pages[page] : null;
            if (present == null || present.isShared()) {
                missing++;
            }
        }
        return missing;
    }

    /** Makes the pages of positions {@code [from, to)} present and this cache's own. */
    void prepare(int from, int to, PageSource source) {
        int end = Lanes.ceilDiv(to, Page.POSITIONS);
        if (end > pages.length) {
            pages = java.util.Arrays.copyOf(pages, Math.max(end, pages.length * 2));
        }
        for (int page = from / Page.POSITIONS; page < end; page++) {
            Page present = pages[page];
            if (present != null && !present.isShared()) {
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
        format.expand(page(position), position % Page.POSITIONS / RowFormat.BLOCK, out, at);
    }

    /** See {@link RowFormat#scores}, for the block that begins at {@code position}. */
    void scores(int position, AttentionScratch scratch, int to) {
        int block = position % Page.POSITIONS / RowFormat.BLOCK;
        format.scores(page(position), block, scratch, to);
    }

    /** See {@link RowFormat#mix}, for the block that begins at {@code position}. */
    void mix(int position, int count, AttentionScratch scratch, int at) {
        int block = position % Page.POSITIONS / RowFormat.BLOCK;
        format.mix(page(position), block, count, scratch, at);
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
        if (from >= to) {
            return;
        }
        float[] values = new float[Math.multiplyExact(to - from, format.dim)];
        for (int position = from; position < to; position++) {
            MemorySegment page = page(position);
            for (int c = 0; c < format.dim; c++) {
                values[(position - from) * format.dim + c] =
                        format.get(page, position % Page.POSITIONS, c);
            }
        }
        runs.add(new KvStream.Rows(from, values));
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
