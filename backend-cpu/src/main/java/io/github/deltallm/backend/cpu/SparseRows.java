package io.github.deltallm.backend.cpu;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;
import static io.github.deltallm.backend.cpu.RowFormat.BLOCK;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.KvStream;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The encoded keys or values of one head.
 *
 * <p>Rows that have left the window for good are closed: kept as blocks of events, see {@link
 * SparseBlocks}, with the reference at every {@link AttentionScratch#RANGE_KEYS}th row as an
 * anchor. The rows behind them are kept exactly, and encoded anew in each step from the reference
 * at the end of the closed ones: that gives the same events each time.
 */
final class SparseRows {
    private static final int RANGE = AttentionScratch.RANGE_KEYS;

    final SparseBlocks format;
    final boolean keys;
    final int dim;
    final int width;
    private final Encoding encoding;
    private final String name;
    private final SparseChunks chunks;
    private final int sinks;
    private @Nullable SparseRule rule;

    /** Number of closed blocks. */
    private int closed;

    private int[] places = new int[4];

    /** The reference behind the closed rows. */
    private float[] reference;

    /** References before every RANGE-th row; the first is the first row itself. */
    private float[] anchors;

    /** Events of the closed rows. */
    private long events;

    /** Events of the sinks and of the row behind them, once these are closed. */
    private long sinkEvents;

    /** Events of the first open rows, of a restored stream that did not end at a block. */
    private float[] given = new float[0];

    // What a step will make of it.
    private int nextClosed;
    private float[] nextReference;
    private long nextEvents;
    private long nextSinkEvents;
    private boolean fixedInStep;

    SparseRows(
            Encoding encoding, boolean keys, int dim, int sinks, String name, SparseChunks chunks) {
        this.encoding = encoding;
        this.keys = keys;
        this.dim = dim;
        this.sinks = sinks;
        this.name = name;
        this.chunks = chunks;
        width = Lanes.padded(dim);
        format = new SparseBlocks(SparseRule.events(encoding), keys, dim);
        rule = givenRule();
        reference = new float[width];
        nextReference = reference;
        anchors = new float[width];
    }

    private SparseRows(SparseRows other, SparseChunks chunks) {
        this(other.encoding, other.keys, other.dim, other.sinks, other.name, chunks);
        rule = other.rule;
        closed = other.closed;
        places = other.places.clone();
        reference = other.reference.clone();
        anchors = other.anchors.clone();
        events = other.events;
        sinkEvents = other.sinkEvents;
        given = other.given;
        nextClosed = closed;
    }

    SparseRows fork(SparseChunks to) {
        return new SparseRows(this, to);
    }

    private @Nullable SparseRule givenRule() {
        return switch (encoding) {
            case Encoding.Delta delta ->
                    delta.waits() ? null : SparseRule.delta(delta, dim, delta.steps(), 1);
            case Encoding.Pruned pruned -> SparseRule.pruned(pruned, dim);
            case Encoding.Exact exact -> throw new IllegalArgumentException(exact + " is exact");
        };
    }

    private boolean waits() {
        return encoding instanceof Encoding.Delta delta && delta.waits();
    }

    /** Whether rows are sums of changes. */
    boolean cumulative() {
        return encoding instanceof Encoding.Delta;
    }

    /** The step of each channel; empty unless events are INT8. Known once rows are encoded. */
    float[] steps() {
        return rule().steps;
    }

    float sigma() {
        return rule().sigma;
    }

    private SparseRule rule() {
        SparseRule known = rule;
        if (known == null) {
            throw new IllegalStateException("the " + name + " are not encoded yet");
        }
        return known;
    }

    /** Whether rows are encoded, as soon as there are any. */
    boolean isFixed() {
        return rule != null;
    }

    /** Whether the query at a position sees the middle run encoded. */
    boolean encodedFor(int position) {
        return !waits() || position + 1 >= FIRST_ROWS;
    }

    /** Whether what was fixed from the first rows stays when it is truncated to a length. */
    boolean staysFixedAt(int length) {
        return !waits() || length >= FIRST_ROWS;
    }

    /** Positions whose exact rows are no longer needed. */
    int closedRows() {
        return closed * BLOCK;
    }

    /**
     * Plans which rows a step closes.
     *
     * @param length of the sequence after the step
     * @param rows no more than so many rows
     */
    void plan(int length, int rows) {
        nextClosed = encodedFor(length - 1) ? Math.max(closed, rows / BLOCK) : closed;
    }

    /** Plans that rows before {@code end} come closed from a stream. */
    void planRestore(int end) {
        nextClosed = end / BLOCK;
    }

    int plannedRows() {
        return nextClosed * BLOCK;
    }

    /**
     * Encodes all open rows and closes those that are planned to be.
     *
     * @param known rows that were there before
     * @param length of the sequence
     * @param needed position behind the last row that a query sees encoded
     * @param all whether the others are encoded too, so that their events can be counted
     */
    void encode(
            PagedRows exact,
            int known,
            int length,
            int needed,
            boolean all,
            EncodeScratch scratch,
            OpenRows open) {
        int rows = Math.max(nextClosed, Lanes.ceilDiv(needed, BLOCK)) * BLOCK;
        int to = all || rule == null ? length : Math.min(length, rows);
        for (int row = Math.max(known, to); row < length; row++) {
            requireFinite(exact, row);
        }
        int from = closedRows();
        fixedInStep = false;
        if (rule == null && to >= FIRST_ROWS) {
            rule = SparseRule.fixed((Encoding.Delta) encoding, dim, exact.rows(0, FIRST_ROWS));
            fixedInStep = true;
        }
        if (rule == null) {
            open.begin(from, from, from, width);
            for (int row = known / BLOCK * BLOCK; row < to; row += BLOCK) {
                exact.expand(row, scratch.block, 0);
                scratch.blockToRows(keys, dim, scratch.rows, 0);
                requireFinite(scratch.rows, 0, row, Math.min(BLOCK, to - row));
            }
            return;
        }
        open.begin(from, to, needed, width);
        reserveAnchors(to);
        System.arraycopy(reference, 0, scratch.reference, 0, width);
        nextEvents = events;
        nextSinkEvents = sinkEvents;
        for (int row = from; row < to; row += BLOCK) {
            encodeBlock(exact, row, Math.min(BLOCK, to - row), scratch, open);
        }
        open.pad(to);
        open.sum(to);
    }

    /** Whether steps and sigma were fixed in this step, so that all rows are encoded only now. */
    boolean fixedInStep() {
        return fixedInStep;
    }

    private void encodeBlock(
            PagedRows exact, int row, int rows, EncodeScratch scratch, OpenRows open) {
        exact.expand(row, scratch.block, 0);
        scratch.blockToRows(keys, dim, scratch.rows, 0);
        boolean kept = row < open.end();
        float[] out = kept ? open.events : scratch.events;
        int at = kept ? open.at(row) : 0;
        int count = row - open.from();
        float[] r = scratch.reference;
        if (row % RANGE == 0 && row > 0) {
            System.arraycopy(r, 0, anchors, row / RANGE * width, width);
        }
        int ready = row == closedRows() ? given.length / width : 0;
        if (ready > 0) {
            takeGiven(ready, out, at, r, open.counts, count);
        }
        int todo = rows - ready;
        if (todo > 0) {
            int in = ready * width;
            requireFinite(scratch.rows, in, row + ready, todo);
            rule().encode(
                            scratch.rows,
                            in,
                            width,
                            todo,
                            row + ready == 0,
                            r,
                            out,
                            at + in,
                            width,
                            open.counts,
                            count + ready);
            // The difference of two floats may be none.
            requireFinite(out, at + in, row + ready, todo);
        }
        if (row == 0) {
            System.arraycopy(out, at, anchors, 0, cumulative() ? dim : 0);
        }
        if (row / BLOCK < nextClosed) {
            close(row, out, at, scratch, open.counts, count);
        }
    }

    private void takeGiven(int rows, float[] out, int at, float[] r, int[] counts, int count) {
        System.arraycopy(given, 0, out, at, rows * width);
        for (int i = 0; i < rows; i++) {
            int transmitted = 0;
            for (int c = 0; c < width; c++) {
                float event = given[i * width + c];
                r[c] += event;
                transmitted += Float.floatToRawIntBits(event) == SparseBlocks.NOTHING ? 0 : 1;
            }
            counts[count + i] = transmitted;
        }
    }

    private void close(
            int row, float[] rows, int at, EncodeScratch scratch, int[] counts, int count) {
        for (int i = 0; i < BLOCK; i++) {
            nextEvents += counts[count + i];
            if (row + i < sinks + (cumulative() ? 1 : 0)) {
                nextSinkEvents += counts[count + i];
            }
        }
        scratch.rowsToBlock(keys, dim, rows, at);
        int packed = counts[count];
        if (row == 0 && cumulative()) {
            forgetFirstRow(scratch.block);
            packed = 0;
        }
        for (int i = 1; i < BLOCK; i++) {
            packed += counts[count + i];
        }
        int index = row / BLOCK;
        if (index >= places.length) {
            places = Arrays.copyOf(places, Math.max(index + 1, index + index / 8));
        }
        int bytes = format.bytes(packed);
        places[index] = chunks.allocate(bytes);
        format.pack(scratch.block, rule().steps, scratch.packed);
        MemorySegment.copy(scratch.packed, 0, chunk(index), offset(index), bytes);
        if (index + 1 == nextClosed) {
            nextReference = scratch.reference.clone();
        }
    }

    /** Takes the sequence's first row out of a decoded block: it is the first anchor. */
    void forgetFirstRow(MemorySegment block) {
        for (int c = 0; c < dim; c++) {
            block.set(Lanes.NATIVE_INT, 4L * c * (keys ? BLOCK : 1), SparseBlocks.NOTHING);
        }
    }

    private void reserveAnchors(int rows) {
        int floats = Math.max(1, Lanes.ceilDiv(rows, RANGE)) * width;
        if (anchors.length < floats) {
            anchors = Arrays.copyOf(anchors, floats);
        }
    }

    private void requireFinite(PagedRows exact, int row) {
        MemorySegment page = exact.page(row);
        for (int c = 0; c < dim; c++) {
            float value = exact.format.get(page, row % BLOCK, c);
            if (!Float.isFinite(value)) {
                throw notFinite(row, c, value);
            }
        }
    }

    private void requireFinite(float[] rows, int at, int row, int count) {
        if (EncodeKernels.finite(rows, at, width, count, width)) {
            return;
        }
        for (int i = 0; i < count * width; i++) {
            if (!Float.isFinite(rows[at + i])) {
                throw notFinite(row + i / width, i % width, rows[at + i]);
            }
        }
    }

    private DeltaLlmException notFinite(int row, int channel, float value) {
        return new DeltaLlmException(
                "the "
                        + name
                        + " can't be encoded at position "
                        + row
                        + ", channel "
                        + channel
                        + ": the value is "
                        + value
                        + "; run this model with dense attention");
    }

    /**
     * Takes the rows before {@code end} from a stream; those behind it are there exactly.
     *
     * @param delta checked to fit, with rows up to {@code end} at least
     */
    void restore(KvStream.DeltaRows delta, int end, EncodeScratch scratch) {
        if (encoding instanceof Encoding.Delta own && own.waits()) {
            rule = SparseRule.delta(own, dim, delta.steps(), delta.sigma());
        }
        if (rule().events == Encoding.Events.INT8 && rule().steps.length == 0) {
            throw new InvalidOptionException(
                    "the restored "
                            + name
                            + " have whole-numbered events but no steps; the saved"
                            + " state is damaged");
        }
        reserveAnchors(end);
        nextEvents = 0;
        nextSinkEvents = 0;
        float[] r = scratch.reference;
        Arrays.fill(r, 0);
        int[] counts = new int[BLOCK];
        int event = 0;
        for (int row = 0; row < end; row++) {
            int at = row % BLOCK * width;
            if (row % RANGE == 0 && row > 0) {
                System.arraycopy(r, 0, anchors, row / RANGE * width, width);
            }
            Arrays.fill(scratch.events, at, at + width, -0f);
            counts[row % BLOCK] = 0;
            for (int c = 0; c < dim; c++) {
                long bit = (long) row * dim + c;
                if ((delta.changed()[(int) (bit / 64)] >>> bit & 1) != 0) {
                    float value = delta.events()[event++];
                    scratch.events[at + c] = row == 0 ? value : value + 0f;
                    r[c] += value;
                    counts[row % BLOCK]++;
                }
            }
            if (row == 0) {
                System.arraycopy(r, 0, anchors, 0, width);
            }
            if (row % BLOCK == BLOCK - 1) {
                close(row - BLOCK + 1, scratch.events, 0, scratch, counts, 0);
            }
        }
        given = Arrays.copyOf(scratch.events, end % BLOCK * width);
        if (nextClosed == 0) {
            return;
        }
        float[] rest = given;
        commit();
        given = rest;
    }

    /** Makes a step's closed rows part of the stream. */
    void commit() {
        if (nextClosed > closed) {
            closed = nextClosed;
            reference = nextReference;
            events = nextEvents;
            sinkEvents = nextSinkEvents;
            given = new float[0];
        }
        fixedInStep = false;
    }

    void rollback() {
        nextClosed = closed;
        if (fixedInStep) {
            rule = null;
            fixedInStep = false;
        }
    }

    /** Forgets rows that were open. */
    void truncate(int length) {
        if (length == 0) {
            closed = 0;
            events = 0;
            sinkEvents = 0;
            given = new float[0];
            places = new int[4];
            anchors = new float[width];
            reference = new float[width];
        } else if (given.length > (length - closedRows()) * width) {
            given = Arrays.copyOf(given, Math.max(0, length - closedRows()) * width);
        }
        if (length < FIRST_ROWS && waits()) {
            rule = null;
        }
        nextClosed = closed;
    }

    /** Number of closed blocks. */
    int closedBlocks() {
        return closed;
    }

    /** Bytes of a closed block. */
    int bytes(int block) {
        return format.bytes(chunk(block), offset(block));
    }

    /** Where the chunks keep a closed block. */
    int place(int block) {
        return places[block];
    }

    /** Notes that the chunks have moved a closed block. */
    void moved(int block, int place) {
        places[block] = place;
    }

    /** The chunk that holds a closed block. */
    MemorySegment chunk(int block) {
        return chunks.data(places[block]);
    }

    /** Where in its chunk a closed block begins. */
    long offset(int block) {
        return SparseChunks.offset(places[block]);
    }

    /** References before every RANGE-th row, {@link #width} floats each. */
    float[] anchors() {
        return anchors;
    }

    /**
     * Decodes the events of a block row after row.
     *
     * @param open what a step made of the open rows
     */
    void rows(int row, OpenRows open, EncodeScratch scratch, float[] out, int at) {
        if (row < closedRows()) {
            block(row, scratch.block);
            scratch.blockToRows(keys, dim, out, at);
        } else {
            System.arraycopy(open.events, open.at(row), out, at, BLOCK * width);
        }
    }

    /** Decodes what is kept of a closed block, in a block's order: the first row is an anchor. */
    void events(int row, MemorySegment out) {
        int index = row / BLOCK;
        format.unpack(chunk(index), offset(index), rule().steps, out);
    }

    /** Decodes a closed block in a block's order; the first row is what it transmits, itself. */
    private void block(int row, MemorySegment out) {
        events(row, out);
        if (row == 0 && cumulative()) {
            for (int c = 0; c < dim; c++) {
                out.set(Lanes.FLOAT, 4L * c * (keys ? BLOCK : 1), anchors[c]);
            }
        }
    }

    /**
     * What the middle run {@code [from, to)} costs one query.
     *
     * @param open what the step made of the open rows
     */
    long cost(int from, int to, OpenRows open) {
        if (from >= to) {
            return 0;
        }
        long all = eventsBefore(to, open);
        return cumulative()
                ? dim + all - eventsBefore(from + 1, open)
                : all - (from == 0 ? 0 : eventsBefore(from, open));
    }

    private long eventsBefore(int row, OpenRows open) {
        if (row < closedRows()) {
            return sinkEvents;
        }
        return events + open.countBefore(row);
    }

    /** Bytes allocated beside the chunks. */
    long bytes() {
        int ranges = Lanes.ceilDiv(closedRows(), RANGE);
        int fixed = waits() && rule != null ? rule.steps.length : 0;
        return 4L * (closed + (long) ranges * width + width + fixed + given.length);
    }
}
