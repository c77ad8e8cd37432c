package io.github.deltallm.backend.tornado;

import java.util.Arrays;

/** The pages of a sequence in the order of its positions; released when nobody needs them. */
final class PageList {
    private final PagePool pool;
    private int[] pages = new int[4];
    private int count;

    PageList(PagePool pool) {
        this.pool = pool;
    }

    /** Pages that so many positions need. */
    static int pagesOf(int positions) {
        return (positions + Pages.POSITIONS - 1) / Pages.POSITIONS;
    }

    int count() {
        return count;
    }

    int page(int index) {
        return pages[index];
    }

    /** The first pages. */
    int[] first(int howMany) {
        return Arrays.copyOf(pages, howMany);
    }

    /** Takes pages until there is room for so many positions. */
    void reserve(int positions) {
        while (count < pagesOf(positions)) {
            if (count == pages.length) {
                pages = Arrays.copyOf(pages, 2 * count);
            }
            pages[count] = pool.take();
            count++;
        }
    }

    /** Releases the pages that so many positions don't need. */
    void cut(int positions) {
        while (count > pagesOf(positions)) {
            count--;
            pool.release(pages[count]);
        }
    }
}
