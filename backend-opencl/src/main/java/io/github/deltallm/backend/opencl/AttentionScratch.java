package io.github.deltallm.backend.opencl;

/**
 * Device memory that attention uses within a step; layers and sequences use it one after the other,
 * but for the tables.
 */
final class AttentionScratch implements AutoCloseable {
    /** Exact rows that are not needed when the step is done. */
    final AttentionBuffer lent;

    /** Events of open rows. */
    final AttentionBuffer events;

    /** What ranges of keys gave. */
    final AttentionBuffer partials;

    /** What the host tells of a step. */
    final AttentionBuffer info;

    /** What the device tells of a step. */
    final AttentionBuffer status;

    /** Copies that close rows. */
    final AttentionBuffer moves;

    private int lentWords;
    private int mostLentWords;

    AttentionScratch(ClContext context) {
        lent = new AttentionBuffer(context, BufferUse.CACHES, "exact rows of a step");
        events = new AttentionBuffer(context, BufferUse.CACHES, "events of open rows");
        partials = new AttentionBuffer(context, BufferUse.ACTIVATIONS, "sums of ranges of keys");
        info = new AttentionBuffer(context, BufferUse.TABLES, "what queries see");
        status = new AttentionBuffer(context, BufferUse.TABLES, "counters of events");
        moves = new AttentionBuffer(context, BufferUse.TABLES, "rows that are closed");
    }

    void beginStep() {
        mostLentWords = 0;
    }

    /** The next layer, or sequence, may have the same memory. */
    void beginLayer() {
        lentWords = 0;
    }

    /** Lends memory; it is there after {@link #reserveLent}. */
    CacheExtent lend(int words) {
        int place = lentWords;
        lentWords = Math.addExact(lentWords, CacheSpace.rounded(words));
        mostLentWords = Math.max(mostLentWords, lentWords);
        return new CacheExtent(place, words, true);
    }

    /**
     * Makes what was lent present.
     *
     * @param pageWords of the largest page: what is gone is read from here, though never used
     */
    void reserveLent(int pageWords) {
        lent.reserve(Math.max(pageWords, mostLentWords));
    }

    @Override
    public void close() {
        lent.close();
        events.close();
        partials.close();
        info.close();
        status.close();
        moves.close();
    }
}
