package io.github.deltallm.backend.tornado;

/** Lends memory for the rest of a step; all layers use the same, one after the other. */
final class Lender {
    private static final class Cursor {
        int floats;
        int words;
        int mostFloats;
        int mostWords;
    }

    private final Cursor exact = new Cursor();
    private final Cursor events = new Cursor();

    private Cursor cursor(Extent.Area area) {
        return area == Extent.Area.EXACT ? exact : events;
    }

    /** Begins with what the layer before had. */
    void nextLayer() {
        exact.floats = 0;
        exact.words = 0;
        events.floats = 0;
        events.words = 0;
    }

    Extent lend(Extent.Area area, int floats, int words) {
        Cursor cursor = cursor(area);
        Extent extent = new Extent(area, cursor.floats, floats, cursor.words, words);
        cursor.floats = Math.addExact(cursor.floats, Heap.rounded(floats));
        cursor.words = Math.addExact(cursor.words, Heap.rounded(words));
        cursor.mostFloats = Math.max(cursor.mostFloats, cursor.floats);
        cursor.mostWords = Math.max(cursor.mostWords, cursor.words);
        return extent;
    }

    /** Floats of an area that the largest layer needs. */
    int floats(Extent.Area area) {
        return cursor(area).mostFloats;
    }

    int words(Extent.Area area) {
        return cursor(area).mostWords;
    }
}
