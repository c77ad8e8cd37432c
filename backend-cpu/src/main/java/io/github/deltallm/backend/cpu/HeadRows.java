package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import org.jspecify.annotations.Nullable;

/**
 * The keys or the values of one head of one sequence: exact rows and, where the strategy has them
 * encoded, their events.
 *
 * <p>Exact rows {@code [sinks, gone)} are no longer kept, apart from the rest of the last sink's
 * block.
 */
final class HeadRows {
    /**
     * Rows before the window that are kept exactly all the same, so that a truncation by so many is
     * exact.
     */
    static final int SLACK = 32;

    final PagedRows exact;
    final @Nullable SparseRows sparse;
    private final int sinks;
    private final boolean leaving;
    private int gone;
    private int nextGone;

    /**
     * @param leaving whether exact rows that queries no longer see are not needed
     */
    HeadRows(PagedRows exact, @Nullable SparseRows sparse, int sinks, boolean leaving) {
        this.exact = exact;
        this.sparse = sparse;
        this.sinks = sinks;
        this.leaving = leaving;
    }

    HeadRows fork(SparseChunks chunks) {
        SparseRows own = sparse == null ? null : sparse.fork(chunks);
        HeadRows fork = new HeadRows(exact.fork(), own, sinks, leaving);
        fork.gone = gone;
        fork.nextGone = gone;
        return fork;
    }

    /** Whether encoded rows are sums of changes. */
    boolean isCumulative() {
        return sparse != null && sparse.cumulative();
    }

    /** Position behind the last exact row that is no longer kept; 0 if all are. */
    int gone() {
        return gone;
    }

    /** Position behind the last exact row that a copy of the sequence may not see. */
    int gone(int outside) {
        boolean encoded = sparse == null || sparse.isFixed();
        return leaving && encoded ? Math.max(gone, outside) : gone;
    }

    /** The pages of sinks stay. */
    private int kept() {
        return Lanes.ceilDiv(sinks, BLOCK) * BLOCK;
    }

    /**
     * Plans a step after which the sequence has {@code length} rows, of which queries see the last
     * {@code window} exactly.
     */
    void plan(int length, int window) {
        nextGone = gone;
        long unseen = (length - (long) window - SLACK + 1) / BLOCK * BLOCK;
        if (sparse != null) {
            sparse.plan(length, (int) Math.max(0, unseen));
            unseen = Math.min(unseen, sparse.plannedRows());
        }
        nextGone = leaving ? (int) Math.max(gone, unseen) : gone;
    }

    /**
     * Plans the filling of an empty cache whose exact rows lack a gap that ends at {@code gone}.
     */
    void planRestore(int length, int window, int gap) {
        plan(length, window);
        if (gap > 0) {
            nextGone = sparse == null ? Math.max(nextGone, gap) : gap;
            if (sparse != null) {
                sparse.planRestore(gap);
            }
        }
    }

    /** How many blocks the planned step closes. */
    int plannedBlocks() {
        return sparse == null ? 0 : (sparse.plannedRows() - sparse.closedRows()) / BLOCK;
    }

    /** How many pages {@link #prepare} will take from its source. */
    int missingPages(int from, int to) {
        return exact.missing(from, to, kept(), nextGone);
    }

    void prepare(int from, int to, PageSource source, StagingPages staging) {
        exact.prepare(from, to, source, kept(), nextGone, staging);
    }

    /** Lets the rows go that the last step was planned to let go. */
    void commit() {
        if (sparse != null) {
            sparse.commit();
        }
        leave(nextGone);
    }

    private void leave(int to) {
        if (to > gone) {
            exact.release(Math.max(kept(), gone / BLOCK * BLOCK), to);
            gone = to;
        }
    }

    void rollback(int length) {
        exact.truncate(length);
        nextGone = gone;
        if (sparse != null) {
            sparse.rollback();
        }
    }

    void truncate(int length) {
        exact.truncate(length);
        if (length == 0) {
            gone = 0;
        }
        if (sparse != null) {
            sparse.truncate(length);
        }
        nextGone = gone;
    }

    /**
     * Where the exact run begins that the query at a position sees, as far as it matters: 0 if it
     * sees all rows exactly.
     *
     * @param exactFrom what the strategy declares
     */
    int boundary(int position, int exactFrom) {
        return sparse == null || !sparse.encodedFor(position) || exactFrom <= sinks ? 0 : exactFrom;
    }

    /** Whether no exact row from {@code exactFrom} on that the query sees is gone. */
    boolean holdsExact(int position, int exactFrom) {
        return gone <= kept() || exactFrom >= Math.min(position, gone);
    }

    /** Whether the rows are kept that the query at a position sees. */
    boolean holdsAllFor(int position, int exactFrom) {
        return holdsExact(position, exactFrom)
                && (sparse == null
                        || sparse.closedRows() == 0
                        || (sparse.closedRows() <= Math.max(sinks, exactFrom)
                                && sparse.closedRows() <= position
                                && sparse.staysFixedAt(position)));
    }

    long bytes() {
        return exact.bytes() + (sparse == null ? 0 : sparse.bytes());
    }
}
