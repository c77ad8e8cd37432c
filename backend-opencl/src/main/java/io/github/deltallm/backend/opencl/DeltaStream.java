package io.github.deltallm.backend.opencl;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;
import static io.github.deltallm.backend.opencl.RowsFormat.BLOCK;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.FirstRows;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The delta-encoded keys or values of one head.
 *
 * <p>Rows that have left the window for good are closed: kept as blocks of events, see {@link
 * EventFormat}. Before every eighth block lies the reference before its first row, an anchor in
 * fp32; before the first one the first row itself. The rows behind the closed ones are kept exactly
 * and encoded anew in each step, from the reference behind the closed ones: that gives the same
 * events each time.
 */
final class DeltaStream {
    /** Blocks from anchor to anchor. */
    static final int ANCHORED = 8;

    final EventFormat format;
    final Encoding.Delta encoding;
    final int dim;
    private final CacheSlab slab;
    private @Nullable DeltaRule rule;
    private @Nullable CacheExtent ruleWords;
    private @Nullable CacheExtent reference;

    /** Events of the first open rows, of a restored stream that did not end at a block. */
    private @Nullable CacheExtent given;

    private int givenRows;
    private CacheExtent[] blocks = new CacheExtent[4];

    /** Events of each closed block. */
    private int[] packed = new int[4];

    private int closed;

    /** The reference behind the last row; every step changes it. */
    private @Nullable CacheExtent tail;

    /** The length that it belongs to; -1 if it is not known. */
    private int tailRows = -1;

    // What a step makes of it.
    private final List<Block> nextBlocks = new ArrayList<>();
    private @Nullable CacheExtent nextReference;
    private boolean fixedInStep;

    DeltaStream(Encoding.Delta encoding, boolean keys, int dim, CacheSlab slab) {
        this.encoding = encoding;
        this.dim = dim;
        this.slab = slab;
        format = new EventFormat(encoding.events(), keys, dim);
        if (!encoding.waits()) {
            rule = DeltaRule.of(encoding, dim, encoding.steps(), 1);
        }
    }

    private DeltaStream(DeltaStream other) {
        encoding = other.encoding;
        dim = other.dim;
        slab = other.slab;
        format = other.format;
        rule = other.rule;
        ruleWords = shared(other.ruleWords);
        reference = shared(other.reference);
        given = shared(other.given);
        givenRows = other.givenRows;
        blocks = other.blocks.clone();
        packed = other.packed.clone();
        closed = other.closed;
        for (int block = 0; block < closed; block++) {
            blocks[block].share();
        }
    }

    private static @Nullable CacheExtent shared(@Nullable CacheExtent extent) {
        return extent == null ? null : extent.share();
    }

    DeltaStream fork() {
        return new DeltaStream(this);
    }

    /** Whether rows are encoded, as soon as there are any. */
    boolean isFixed() {
        return rule != null;
    }

    DeltaRule rule() {
        DeltaRule known = rule;
        if (known == null) {
            throw new IllegalStateException("rows are not encoded yet");
        }
        return known;
    }

    /** Whether the query at a position sees the middle run encoded. */
    boolean encodedFor(int position) {
        return !encoding.waits() || position + 1 >= FIRST_ROWS;
    }

    /** Whether what was fixed from the first rows stays when it is truncated to a length. */
    boolean staysFixedAt(int length) {
        return !encoding.waits() || length >= FIRST_ROWS;
    }

    /** Whether a step up to a length takes steps and sigma from the first rows. */
    boolean fixesAt(int length) {
        return rule == null && length >= FIRST_ROWS;
    }

    /**
     * Takes steps and sigma from the first rows; until the step succeeds.
     *
     * @param rows {@code [FIRST_ROWS, dim]}
     */
    void fix(float[] rows) {
        take(FirstRows.of(encoding, rows, dim));
        fixedInStep = true;
        placeRule();
    }

    /** Whether steps and sigma were fixed in the step under way: all rows are encoded in it. */
    boolean fixedInStep() {
        return fixedInStep;
    }

    /** Makes the rule's numbers known to the device, and room for a tail; whether any was new. */
    boolean place() {
        if (rule == null || (ruleWords != null && tail != null)) {
            return false;
        }
        placeRule();
        if (tail == null) {
            tail = slab.take(dim);
        }
        return true;
    }

    private void placeRule() {
        if (ruleWords == null) {
            CacheExtent words = slab.take(2 * dim);
            ruleWords = words;
            slab.write(words, rule().words());
        }
    }

    /** Whether the reference behind the rows of a sequence of this length is known. */
    boolean isKnownAt(int length) {
        return tailRows == length;
    }

    int tailPlace() {
        return place(tail);
    }

    int closedRows() {
        return closed * BLOCK;
    }

    int rulePlace() {
        return place(ruleWords);
    }

    int referencePlace() {
        return place(reference);
    }

    int givenPlace() {
        return place(given);
    }

    int givenRows() {
        return givenRows;
    }

    private static int place(@Nullable CacheExtent extent) {
        return extent == null ? -1 : extent.place;
    }

    /** The place of a closed block's events; its anchor is before it. */
    int place(int block) {
        return blocks[block].place + anchorWords(block);
    }

    private int anchorWords(int block) {
        return block % ANCHORED == 0 ? dim : 0;
    }

    /** A block that is about to be closed. */
    private record Block(CacheExtent extent, int events) {}

    /** Events that a closed block holds. */
    int events(int block) {
        return packed[block];
    }

    /** A copy on the device that closes rows. */
    interface Mover {
        void move(int fromWord, CacheExtent to, int words);
    }

    /**
     * Closes blocks in a step.
     *
     * @param to number of blocks that are closed after it
     * @param counts of the rows
     * @param scratch the word where the step's first open block begins, with the reference before
     * @param blockWords from there to the next one
     */
    void close(int to, RowsCounts counts, int scratch, int blockWords, Mover mover) {
        for (int block = closed; block < to; block++) {
            int from = block * BLOCK;
            int events = (int) counts.of(from, from + BLOCK) - (block == 0 ? dim : 0);
            int anchor = anchorWords(block);
            int words = anchor + format.words(events);
            CacheExtent extent = slab.take(words);
            nextBlocks.add(new Block(extent, events));
            int at = scratch + (block - closed) * blockWords;
            mover.move(at + dim - anchor, extent, words);
        }
        CacheExtent behind = slab.take(dim);
        nextReference = behind;
        mover.move(scratch + (to - closed) * blockWords, behind, dim);
    }

    /** Makes a step's closed rows part of the stream; whether there are any. */
    boolean commit(int length) {
        tailRows = tail == null ? -1 : length;
        boolean closes = !nextBlocks.isEmpty();
        if (closes) {
            add(nextBlocks);
            nextBlocks.clear();
            release(reference);
            reference = nextReference;
            nextReference = null;
            forgetGiven();
        }
        fixedInStep = false;
        return closes;
    }

    private void add(List<Block> more) {
        if (closed + more.size() > blocks.length) {
            int room = Math.max(closed + more.size(), blocks.length + blocks.length / 4);
            blocks = Arrays.copyOf(blocks, room);
            packed = Arrays.copyOf(packed, room);
        }
        for (Block block : more) {
            packed[closed] = block.events();
            blocks[closed++] = block.extent();
        }
    }

    private void forgetGiven() {
        release(given);
        given = null;
        givenRows = 0;
    }

    private void release(@Nullable CacheExtent extent) {
        if (extent != null) {
            slab.release(extent);
        }
    }

    void rollback() {
        tailRows = -1;
        nextBlocks.forEach(block -> slab.release(block.extent()));
        nextBlocks.clear();
        release(nextReference);
        nextReference = null;
        if (fixedInStep) {
            forgetRule();
            fixedInStep = false;
        }
    }

    private void forgetRule() {
        rule = null;
        release(tail);
        tail = null;
        release(ruleWords);
        ruleWords = null;
    }

    /** Forgets rows that were open. */
    void truncate(int length) {
        tailRows = length < tailRows ? -1 : tailRows;
        if (length == 0) {
            for (int block = 0; block < closed; block++) {
                slab.release(blocks[block]);
            }
            blocks = new CacheExtent[4];
            closed = 0;
            release(reference);
            reference = null;
            forgetGiven();
            release(ruleWords);
            ruleWords = null;
            release(tail);
            tail = null;
        }
        givenRows = Math.clamp(length - closedRows(), 0, givenRows);
        if (length < FIRST_ROWS && encoding.waits()) {
            forgetRule();
        }
    }

    /** Words of all that it holds. */
    long words() {
        long words = words(ruleWords) + words(reference) + words(given) + words(tail);
        for (int block = 0; block < closed; block++) {
            words += blocks[block].words;
        }
        return words;
    }

    private static long words(@Nullable CacheExtent extent) {
        return extent == null ? 0 : extent.words;
    }

    /**
     * Reads a closed block; waits for the device.
     *
     * @return events row after row, {@link EventFormat#NOTHING} where there is none
     */
    float[] read(int block) {
        int[] words = slab.read(blocks[block]);
        float[] rows = format.unpack(words, anchorWords(block), rule());
        for (int c = 0; c < dim && block == 0; c++) {
            rows[c] = Float.intBitsToFloat(words[c]);
        }
        return rows;
    }

    /** Reads the events of the first open rows that a restored stream gave. */
    float[] readGiven() {
        CacheExtent extent = given;
        if (extent == null) {
            return new float[0];
        }
        return floats(slab.read(extent), givenRows * dim);
    }

    /** Reads the reference behind the closed rows. */
    float[] readReference() {
        CacheExtent extent = reference;
        return extent == null ? new float[dim] : floats(slab.read(extent), dim);
    }

    private static float[] floats(int[] words, int count) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = Float.intBitsToFloat(words[i]);
        }
        return floats;
    }

    private static int[] words(float[] floats, int from, int count) {
        int[] words = new int[count];
        for (int i = 0; i < count; i++) {
            words[i] = Float.floatToRawIntBits(floats[from + i]);
        }
        return words;
    }

    /** Takes steps and sigma. */
    void take(FirstRows first) {
        rule = DeltaRule.of(encoding, dim, first.steps(), first.sigma());
    }

    /**
     * Fills an empty stream.
     *
     * @param events of rows from the first on, {@link EventFormat#NOTHING} where there is none
     * @param close how many blocks of them are closed
     * @param keepsRest whether events of the rest are kept, because their exact rows are not there
     */
    void restore(float[] events, int close, boolean keepsRest) {
        float[] r = new float[dim];
        List<Block> restored = new ArrayList<>();
        for (int block = 0; block < close; block++) {
            int at = block * BLOCK * dim;
            float[] rows = Arrays.copyOfRange(events, at, at + BLOCK * dim);
            float[] anchor = r.clone();
            add(rows, r);
            if (block == 0) {
                System.arraycopy(rows, 0, anchor, 0, dim);
                Arrays.fill(rows, 0, dim, Float.intBitsToFloat(EventFormat.NOTHING));
            }
            int[] body = format.pack(rows, rule());
            int[] words = words(anchor, 0, anchorWords(block) + body.length, body);
            CacheExtent extent = slab.take(words.length);
            restored.add(new Block(extent, EventFormat.count(rows)));
            slab.write(extent, words);
        }
        add(restored);
        if (close > 0) {
            CacheExtent behind = slab.take(dim);
            reference = behind;
            slab.write(behind, words(r, 0, dim));
        }
        int rest = events.length - close * BLOCK * dim;
        if (keepsRest && rest > 0) {
            CacheExtent extent = slab.take(rest);
            given = extent;
            givenRows = rest / dim;
            slab.write(extent, words(events, close * BLOCK * dim, rest));
        }
    }

    /** An anchor, or nothing, and then a block. */
    private static int[] words(float[] anchor, int from, int count, int[] block) {
        int[] words = new int[count];
        int first = count - block.length;
        for (int c = 0; c < first; c++) {
            words[c] = Float.floatToRawIntBits(anchor[from + c]);
        }
        System.arraycopy(block, 0, words, first, block.length);
        return words;
    }

    private static void add(float[] rows, float[] r) {
        for (int i = 0; i < rows.length; i++) {
            if (Float.floatToRawIntBits(rows[i]) != EventFormat.NOTHING) {
                r[i % r.length] += rows[i];
            }
        }
    }
}
