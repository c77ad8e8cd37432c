package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.DeltaLlmException;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The keys or the values of all heads of a layer, and the memory that they lie in.
 *
 * <p>Where rows come one by one, each page and each block of events begins wherever there is room.
 * A processor that fetches ahead has to begin anew there as well: decoding behind 4,096 rows that
 * came so took three times as long as behind as many that lay in order. So now and then all is
 * moved together: when readers have lost as much time as that takes.
 */
final class LayerRows {
    /** A reader loses as much time where memory does not go on as copying so many bytes takes. */
    private static final long GAP = 1 << 11;

    /** One part in so many of the memory of blocks may lie unused behind a prompt. */
    private static final int UNUSED = 32;

    /** Fewer bytes stay in a cache of the processor. */
    private static final long LEAST = 1 << 18;

    private final HeadRows[] heads;
    private final PageSource pages = new PageSource();
    private final SparseChunks chunks;
    private final long[] pageBytes;
    private int mark;

    /**
     * Places where a head's pages do not go on from where they were, since all were moved together.
     */
    private int pageGaps;

    /** The same of its blocks: each, since other heads' come between them. */
    private int blockGaps;

    /** Gaps that have been read since then. */
    private long gapsRead;

    /** As long as it is not more, nothing is moved. */
    private long due;

    /**
     * @param heads whose events are kept in these chunks
     */
    LayerRows(SparseChunks chunks, HeadRows[] heads) {
        this.chunks = chunks;
        this.heads = heads;
        pageBytes = Arrays.stream(heads).mapToLong(LayerRows::pageBytes).distinct().toArray();
    }

    LayerRows fork() {
        SparseChunks to = chunks.fork();
        LayerRows fork =
                new LayerRows(
                        to,
                        Arrays.stream(heads).map(head -> head.fork(to)).toArray(HeadRows[]::new));
        fork.pageGaps = pageGaps;
        fork.blockGaps = blockGaps;
        return fork;
    }

    private static long pageBytes(HeadRows head) {
        return head.exact.format.pageBytes();
    }

    HeadRows head(int kvHead) {
        return heads[kvHead];
    }

    /** Notes what is taken, for {@link #rollback}. */
    void mark() {
        mark = chunks.mark();
    }

    /** Bytes of the pages that {@link #reserve} will claim. */
    long missingBytes(int from, int to) {
        long missing = 0;
        for (HeadRows head : heads) {
            missing += head.missingPages(from, to) * pageBytes(head);
        }
        return missing;
    }

    /** Allocates the pages of rows {@code [from, to)}, whose heads are planned. */
    void reserve(int from, int to) {
        for (long bytes : pageBytes) {
            int missing = 0;
            for (HeadRows head : heads) {
                int own = pageBytes(head) == bytes ? head.missingPages(from, to) : 0;
                missing += own;
                pageGaps += own > 0 ? 1 : 0;
            }
            pages.reserve(bytes, missing);
        }
        for (HeadRows head : heads) {
            blockGaps += head.plannedBlocks();
        }
    }

    /** Gives each head its pages of rows {@code [from, to)}; those of rows soon gone are lent. */
    void prepare(int from, int to, StagingPages staging) {
        for (HeadRows head : heads) {
            head.prepare(from, to, pages, staging);
        }
    }

    /** As {@link #reserve} and {@link #prepare}, of one head of an empty layer. */
    void prepareHead(int kvHead, int length, StagingPages staging) {
        HeadRows head = heads[kvHead];
        pages.reserve(pageBytes(head), head.missingPages(0, length));
        head.prepare(0, length, pages, staging);
    }

    /** Gives back what was taken since the last mark and is in no head's use. */
    void rollback() {
        chunks.reset(mark);
        pages.closeUnused();
    }

    /** Frees what no head uses any more, for heads without rows. */
    void clear() {
        chunks.clear();
        pages.closeUnused();
        begin();
    }

    private void begin() {
        pageGaps = 0;
        blockGaps = 0;
        gapsRead = 0;
        due = 0;
    }

    /** Notes that queries have read all rows. */
    void read() {
        gapsRead += pageGaps + blockGaps;
    }

    /** Whether readers have lost as much time as moving all together takes. */
    boolean wantsTidying() {
        if (gapsRead <= due) {
            return false;
        }
        long bytes = bytes();
        long enough = bytes < LEAST ? gapsRead + LEAST / GAP : bytes / GAP;
        if (gapsRead <= enough) {
            due = enough;
            return false;
        }
        return true;
    }

    /**
     * Moves each head's rows together, apart from those that a fork shares. Where memory is short,
     * what has not been moved stays where it is until twice as many gaps have been read.
     */
    void tidy() {
        try {
            Native.require(bytes(), "moving keys and values together", Processor.availableMemory());
            pages.closeUnused();
            for (long bytes : pageBytes) {
                tidy(bytes);
            }
            chunks.tidy(streams());
        } catch (DeltaLlmException tooLittleMemory) {
            due = 2 * gapsRead;
            return;
        }
        begin();
    }

    /** Moves blocks together if the ends of chunks are too much of their memory. */
    void trim() {
        if (chunks.unused() * UNUSED > chunks.bytes()) {
            try {
                Native.requireIfMuch(chunks.bytes(), "moving encoded rows together");
                chunks.tidy(streams());
                blockGaps = 0;
            } catch (DeltaLlmException tooLittleMemory) {
                due = 2 * gapsRead;
            }
        }
    }

    private void tidy(long bytes) {
        int count = 0;
        for (HeadRows head : heads) {
            count += pageBytes(head) == bytes ? head.exact.ownPages() : 0;
        }
        if (count == 0) {
            return;
        }
        Slab together = pages.reserveTogether(bytes, count);
        try {
            for (HeadRows head : heads) {
                if (pageBytes(head) == bytes) {
                    head.exact.move(together);
                }
            }
        } finally {
            together.closeUnused();
        }
    }

    private List<SparseRows> streams() {
        return Arrays.stream(heads).map(head -> head.sparse).filter(Objects::nonNull).toList();
    }

    /** Bytes allocated, with those that are shared. */
    long bytes() {
        long bytes = pages.freeBytes() + chunks.bytes();
        for (HeadRows head : heads) {
            bytes += head.bytes();
        }
        return bytes;
    }
}
