package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.KvStream;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** The exact keys or values of one head: a page for each block of positions, some may be gone. */
final class RowsPages {
    final RowsFormat format;
    private final CacheSlab slab;
    private @Nullable CacheExtent[] pages = new CacheExtent[4];

    RowsPages(RowsFormat format, CacheSlab slab) {
        this.format = format;
        this.slab = slab;
    }

    private RowsPages(RowsPages other) {
        format = other.format;
        slab = other.slab;
        pages = other.pages.clone();
        for (CacheExtent page : pages) {
            if (page != null) {
                page.share();
            }
        }
    }

    RowsPages fork() {
        return new RowsPages(this);
    }

    /** Where lent pages come from. */
    @FunctionalInterface
    interface Lender {
        /** Memory for the rest of a step. */
        CacheExtent lend(int words);
    }

    /**
     * Words that {@link #prepare} will take for positions {@code [from, to)} from the slab.
     *
     * @param kept rows up to here stay, as sinks
     * @param lent rows from there up to here are only needed in this step
     */
    long missing(int from, int to, int kept, int lent) {
        long missing = 0;
        for (int block = from / BLOCK; block * BLOCK < to; block++) {
            CacheExtent page = block < pages.length ? pages[block] : null;
            if (page == null ? !isLent(block, kept, lent) : page.isShared()) {
                missing += CacheSpace.rounded(format.words());
            }
        }
        return missing;
    }

    /** Whether a page holds only rows that are gone when the step ends. */
    private static boolean isLent(int block, int kept, int lent) {
        return block * BLOCK >= kept && (block + 1) * BLOCK <= lent;
    }

    /**
     * Makes the pages of positions {@code [from, to)} present and this cache's own.
     *
     * @return whether any page changed its place
     */
    boolean prepare(int from, int to, int kept, int lent, Lender lender) {
        int end = Math.ceilDiv(to, BLOCK);
        boolean moved = false;
        if (end > pages.length) {
            pages = Arrays.copyOf(pages, Math.max(end, pages.length * 2));
        }
        for (int block = from / BLOCK; block < end; block++) {
            CacheExtent page = pages[block];
            if (page != null && !page.isShared()) {
                continue;
            }
            moved = true;
            if (page == null) {
                boolean forStep = isLent(block, kept, lent);
                pages[block] = forStep ? lender.lend(format.words()) : slab.take(format.words());
            } else {
                pages[block] = slab.copy(page);
                slab.release(page);
            }
        }
        return moved;
    }

    /** The place of a block's page as the directory has it; -1 leads to lent memory. */
    int place(int block) {
        CacheExtent page = block < pages.length ? pages[block] : null;
        if (page == null) {
            return -1;
        }
        return page.lent ? ~page.place : page.place;
    }

    /** Number of blocks up to the last one that may have a page. */
    int blocks() {
        return pages.length;
    }

    /** Releases the pages that hold no position of {@code [0, from)} nor of {@code [to, ...)}. */
    boolean release(int from, int to) {
        boolean moved = false;
        int end = Math.min(to / BLOCK, pages.length);
        for (int block = Math.ceilDiv(from, BLOCK); block < end; block++) {
            CacheExtent page = pages[block];
            if (page != null) {
                slab.release(page);
                pages[block] = null;
                moved = true;
            }
        }
        return moved;
    }

    /** Releases the pages from a length on. */
    void truncate(int length) {
        release(length, pages.length * BLOCK);
    }

    /** Words of the pages held. */
    long words() {
        long words = 0;
        for (CacheExtent page : pages) {
            words += page == null || page.lent ? 0 : page.words;
        }
        return words;
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

    /** Reads the words of a page; waits for the device. */
    @FunctionalInterface
    interface Reader {
        /** The page's words. */
        int[] read(CacheExtent page);
    }

    /** Rows {@code [from, to)} as they were rounded; waits for the device. */
    float[] rows(int from, int to) {
        List<CacheExtent> needed = new ArrayList<>();
        for (int block = from / BLOCK; from < to && block * BLOCK < to; block++) {
            needed.add(page(block));
        }
        Iterator<int[]> read = slab.read(needed).iterator();
        return rows(from, to, page -> read.next());
    }

    /**
     * As above, also of pages that are lent.
     *
     * @param reader is asked for each page once, in their order
     */
    float[] rows(int from, int to, Reader reader) {
        float[] values = new float[Math.multiplyExact(to - from, format.dim())];
        int[] words = new int[0];
        for (int position = from; position < to; position++) {
            if (position == from || position % BLOCK == 0) {
                words = reader.read(page(position / BLOCK));
            }
            for (int c = 0; c < format.dim(); c++) {
                values[(position - from) * format.dim() + c] =
                        format.get(words, position % BLOCK, c);
            }
        }
        return values;
    }

    private CacheExtent page(int block) {
        CacheExtent page = pages[block];
        if (page == null) {
            throw new IllegalStateException("position " + block * BLOCK + " is no longer kept");
        }
        return page;
    }

    /**
     * Takes pages for exported rows, those that are needed when all are there.
     *
     * @param kept rows up to here stay, as sinks
     * @param gone rows from there up to here are not needed
     */
    void restore(List<KvStream.Rows> runs, int length, int kept, int gone) {
        int[][] blocks = new int[Math.ceilDiv(length, BLOCK)][];
        for (KvStream.Rows rows : runs) {
            for (int i = 0; i < rows.values().length / format.dim(); i++) {
                int position = rows.from() + i;
                int block = position / BLOCK;
                if (!isLent(block, kept, gone)) {
                    if (blocks[block] == null) {
                        blocks[block] = new int[format.words()];
                    }
                    format.put(blocks[block], position % BLOCK, rows.values(), i * format.dim());
                }
            }
        }
        pages = new CacheExtent[Math.max(4, blocks.length)];
        List<CacheSlab.Filling> fillings = new ArrayList<>();
        for (int block = 0; block < blocks.length; block++) {
            if (blocks[block] != null) {
                CacheExtent page = slab.take(format.words());
                pages[block] = page;
                fillings.add(new CacheSlab.Filling(page, blocks[block]));
            }
        }
        slab.write(fillings);
    }
}
