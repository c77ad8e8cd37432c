package io.github.deltallm.backend.opencl;

import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

/** The rows that a step adds to one sequence, and where its tables lie. */
final class AttentionSpan {
    final CacheSequence cache;

    /** Index of the first row in the step. */
    final int row;

    final int rows;

    /** Position of the first row. */
    final int position;

    /** The first position whose transmitted elements are counted. */
    final int countFrom;

    /** Words from block to block among the events of open rows. */
    final int blockWords;

    private final int kvHeads;
    private int infoAt;
    private int statusAt;

    /** Blocks of events of open rows that a part has at most. */
    private int eventBlocks = 1;

    AttentionSpan(CacheSequence cache, int row, int rows, int countFrom, int blockWords) {
        this.cache = cache;
        this.row = row;
        this.rows = rows;
        this.countFrom = countFrom;
        this.blockWords = blockWords;
        position = cache.length();
        kvHeads = cache.shape().kvHeads();
    }

    /** Positions of the sequence after the step. */
    int length() {
        return position + rows;
    }

    void place(int info, int status) {
        infoAt = info;
        statusAt = status;
    }

    /** Makes room for so many blocks of a part. */
    void wantBlocks(int blocks) {
        eventBlocks = Math.max(eventBlocks, blocks);
    }

    /** Words from part to part among the events of open rows. */
    int partWords() {
        return Math.multiplyExact(blockWords, eventBlocks);
    }

    /**
     * Ints of what the host tells of one layer: of each part the rows wanted and whether the
     * reference behind its rows is known, then what each query sees.
     */
    int infoInts() {
        return 2 * kvHeads * (2 + rows);
    }

    int infoAt(int layer) {
        return infoAt + layer * infoInts();
    }

    /** Where the recents of a part begin, of one query after the other. */
    int recentsAt(int layer, int part) {
        return infoAt(layer) + 4 * kvHeads + part * rows;
    }

    /** Counters of a part. */
    int countStride() {
        return length() - countFrom;
    }

    /** Ints of what the device tells of one layer: first refused rows, then counters. */
    int statusInts() {
        return 2 * kvHeads * (1 + countStride());
    }

    int errorsAt(int layer) {
        return statusAt + layer * statusInts();
    }

    int countsAt(int layer) {
        return errorsAt(layer) + 2 * kvHeads;
    }

    /** A row that is wanted with all of its block. */
    static int wholeBlocks(int rows) {
        return Math.ceilDiv(rows, BLOCK) * BLOCK;
    }
}
