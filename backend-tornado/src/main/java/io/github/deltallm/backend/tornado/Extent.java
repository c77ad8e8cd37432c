package io.github.deltallm.backend.tornado;

/** Memory on the device for a block of rows: floats and words that follow each other. */
final class Extent {
    /** Where it counts from. */
    enum Area {
        /** The beginning of the arrays. */
        OWN,
        /** The beginning of what is lent for exact rows, for the rest of a step. */
        EXACT,
        /** The beginning of what is lent for encoded rows. */
        EVENTS
    }

    final Area area;
    final int floats;
    final int floatCount;
    final int words;
    final int wordCount;
    private int holders = 1;

    Extent(Area area, int floats, int floatCount, int words, int wordCount) {
        this.area = area;
        this.floats = floats;
        this.floatCount = floatCount;
        this.words = words;
        this.wordCount = wordCount;
    }

    boolean lent() {
        return area != Area.OWN;
    }

    /** Whether several sequences hold it, so that none may change it. */
    boolean shared() {
        return holders > 1;
    }

    /** One more sequence holds it. */
    Extent share() {
        holders++;
        return this;
    }

    /** One sequence less holds it; returns whether none does now. */
    boolean leave() {
        holders--;
        return holders == 0;
    }

    /** Bytes taken. */
    long bytes() {
        return 4L * (Heap.rounded(floatCount) + Heap.rounded(wordCount));
    }
}
