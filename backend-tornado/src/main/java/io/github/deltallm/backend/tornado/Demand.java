package io.github.deltallm.backend.tornado;

/**
 * What steps are going to take of the arrays of keys and values, so that room is made once. It is
 * exact but for packed blocks, whose events are not known yet: half of the channels are assumed to
 * change.
 */
final class Demand {
    private final Lender lender = new Lender();
    private long floats;
    private long words;

    /** Memory that all layers share begins anew. */
    void nextLayer() {
        lender.nextLayer();
    }

    void take(int floatCount, int wordCount) {
        floats += Heap.rounded(floatCount);
        words += Heap.rounded(wordCount);
    }

    void lend(Extent.Area area, int floatCount, int wordCount) {
        lender.lend(area, floatCount, wordCount);
    }

    /** Floats, those that are lent among them. */
    long floats() {
        return floats + lender.floats(Extent.Area.EXACT) + lender.floats(Extent.Area.EVENTS);
    }

    long words() {
        return words + lender.words(Extent.Area.EXACT) + lender.words(Extent.Area.EVENTS);
    }
}
