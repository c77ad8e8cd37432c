package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.RowsName;

import org.jspecify.annotations.Nullable;

/**
 * The keys or the values of one head of one sequence: exact rows and, where the strategy has them
 * encoded, their events.
 *
 * <p>Exact rows {@code [sinks, gone)} are no longer kept, apart from the rest of the last sink's
 * block.
 */
final class CachePart {
    /**
     * Rows before the window that are kept exactly all the same, so that a truncation by so many is
     * exact.
     */
    static final int SLACK = 32;

    final RowsName name;
    final Encoding encoding;
    final RowsPages exact;
    final @Nullable DeltaStream stream;

    /** Of rows that are encoded or pruned. */
    final @Nullable RowsCounts counts;

    private final int sinks;
    private final boolean leaving;
    private int gone;
    private int nextGone;
    private int nextClosed;

    CachePart(HeadAttention head, KvStream.Kind kind, int dim, CacheSlab slab) {
        name = head.name(kind);
        encoding = head.encoding(kind);
        sinks = head.sinks();
        leaving = head.releases(kind);
        boolean keys = kind == KvStream.Kind.KEYS;
        exact = new RowsPages(new RowsFormat(encoding.store(), keys, dim), slab);
        stream =
                encoding instanceof Encoding.Delta delta
                        ? new DeltaStream(delta, keys, dim, slab)
                        : null;
        counts = encoding instanceof Encoding.Exact ? null : new RowsCounts(sinks);
    }

    private CachePart(CachePart other) {
        name = other.name;
        encoding = other.encoding;
        sinks = other.sinks;
        exact = other.exact.fork();
        stream = other.stream == null ? null : other.stream.fork();
        counts = other.counts == null ? null : new RowsCounts(other.counts);
        leaving = other.leaving;
        gone = other.gone;
        nextGone = gone;
        nextClosed = closedBlocks();
    }

    CachePart fork() {
        return new CachePart(this);
    }

    /** Whether queries see its middle otherwise than exactly. */
    boolean encodes() {
        return !(encoding instanceof Encoding.Exact);
    }

    /** Position behind the last exact row that is no longer kept; 0 if all are. */
    int gone() {
        return gone;
    }

    /** Position behind the last exact row that a copy of the sequence may not see. */
    int gone(int outside) {
        boolean encoded = stream == null || stream.isFixed();
        return leaving && encoded ? Math.max(gone, outside) : gone;
    }

    /** The pages of sinks stay. */
    int kept() {
        return Math.ceilDiv(sinks, BLOCK) * BLOCK;
    }

    int closedRows() {
        return stream == null ? 0 : stream.closedRows();
    }

    private int closedBlocks() {
        return closedRows() / BLOCK;
    }

    /** Blocks that are closed when the step under way is done. */
    int nextClosed() {
        return nextClosed;
    }

    /**
     * Plans a step after which the sequence has {@code length} rows, of which queries see the last
     * {@code window} exactly.
     */
    void plan(int length, int window) {
        long unseen = Math.max(0, (length - (long) window - SLACK + 1) / BLOCK * BLOCK);
        nextClosed = closedBlocks();
        if (stream != null) {
            if (stream.encodedFor(length - 1)) {
                nextClosed = Math.max(nextClosed, (int) (unseen / BLOCK));
            }
            unseen = Math.min(unseen, (long) nextClosed * BLOCK);
        }
        nextGone = leaving ? (int) Math.max(gone, unseen) : gone;
    }

    /** Where exact rows end that are not needed, when a cache is filled whose rows lack a gap. */
    int planRestore(int length, int window, int gap) {
        plan(length, window);
        if (gap > 0) {
            nextGone = stream == null ? Math.max(nextGone, gap) : gap;
            nextClosed = stream == null ? 0 : gap / BLOCK;
        }
        return nextGone;
    }

    long missing(int from, int to) {
        return exact.missing(from, to, kept(), nextGone);
    }

    boolean prepare(int from, int to, RowsPages.Lender lender) {
        return exact.prepare(from, to, kept(), nextGone, lender);
    }

    /**
     * Lets the rows go that the last step was planned to let go.
     *
     * @return whether anything has another place now
     */
    boolean commit(int length) {
        boolean moved = stream != null && stream.commit(length);
        if (moved && counts != null) {
            counts.close(closedRows(), length);
        }
        return leave(nextGone) || moved;
    }

    private boolean leave(int to) {
        boolean moved = false;
        if (to > gone) {
            moved = exact.release(Math.max(kept(), gone / BLOCK * BLOCK), to);
            gone = to;
        }
        return moved;
    }

    void rollback(int length) {
        exact.truncate(length);
        nextGone = gone;
        nextClosed = closedBlocks();
        if (stream != null) {
            stream.rollback();
        }
    }

    void truncate(int length) {
        exact.truncate(length);
        if (length == 0) {
            gone = 0;
            if (counts != null) {
                counts.clear();
            }
        }
        if (stream != null) {
            stream.truncate(length);
        }
        nextGone = gone;
        nextClosed = closedBlocks();
    }

    /** Whether the query at a position sees the middle encoded. */
    boolean encodedFor(int position) {
        return stream == null ? encodes() : stream.encodedFor(position);
    }

    /**
     * Where the exact run begins that the query at a position sees, as far as it matters: 0 if it
     * sees all rows exactly.
     *
     * @param exactFrom what the strategy declares
     */
    int boundary(int position, int exactFrom) {
        return !encodedFor(position) || exactFrom <= sinks ? 0 : exactFrom;
    }

    /** Whether no exact row from {@code exactFrom} on that the query sees is gone. */
    boolean holdsExact(int position, int exactFrom) {
        return gone <= kept() || exactFrom >= Math.min(position, gone);
    }

    /** Whether the rows are kept that the query at a position sees. */
    boolean holdsAllFor(int position, int exactFrom) {
        int closed = closedRows();
        return holdsExact(position, exactFrom)
                && (stream == null
                        || closed == 0
                        || (closed <= Math.max(sinks, exactFrom)
                                && closed <= position
                                && stream.staysFixedAt(position)));
    }

    /** Words that it holds of its slab. */
    long words() {
        return exact.words() + (stream == null ? 0 : stream.words());
    }
}
