package io.github.deltallm.backend.tornado;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.FirstRows;
import io.github.deltallm.api.spi.HeadAttention;
import io.github.deltallm.api.spi.KvSequence;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.RowsName;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The keys or the values of one head: which rows are on the device, exactly and encoded, where they
 * lie, how many channels each has, and the rule by which they are encoded.
 */
final class CacheStream {
    /**
     * Rows before the window that are kept exactly all the same, so that a truncation by so many is
     * exact.
     */
    private static final int SLACK = 32;

    private static final float[] NONE = {};

    final HeadAttention head;
    final KvStream.Kind kind;
    final Encoding encoding;
    final StreamBlocks blocks;

    /** Exact rows up to here stay: the blocks of sinks. */
    private final int kept;

    private final BitSet held;

    /** Exact rows from the kept ones up to here are no longer needed, and released. */
    private int gone;

    /** The same when the step under way is done. */
    private int nextGone;

    private int length;

    /** Rows that are encoded. */
    private int encoded;

    /** Changed or kept channels of all rows before the one of the index. */
    private long[] channels = {0};

    private boolean fixed;
    private float[] steps = NONE;
    private float sigma = 1;

    CacheStream(HeadAttention head, KvStream.Kind kind, int dim, DeviceMemory memory) {
        this.head = head;
        this.kind = kind;
        encoding = head.encoding(kind);
        blocks =
                new StreamBlocks(
                        new StreamFormat(encoding, kind == KvStream.Kind.KEYS, dim), memory);
        kept =
                (int)
                        Math.min(
                                Integer.MAX_VALUE,
                                (head.sinks() + 31L) / Places.BLOCK * Places.BLOCK);
        held = new BitSet();
        reset();
    }

    CacheStream(CacheStream other) {
        head = other.head;
        kind = other.kind;
        encoding = other.encoding;
        kept = other.kept;
        blocks = new StreamBlocks(other.blocks);
        gone = other.gone;
        nextGone = gone;
        held = (BitSet) other.held.clone();
        length = other.length;
        encoded = other.encoded;
        channels = other.channels.clone();
        fixed = other.fixed;
        steps = other.steps;
        sigma = other.sigma;
    }

    private void reset() {
        fixed = encoding instanceof Encoding.Delta delta && !delta.waits();
        steps = encoding instanceof Encoding.Delta delta ? given(delta) : NONE;
        sigma = 1;
        encoded = 0;
    }

    /** As messages name it. */
    RowsName name() {
        return head.name(kind);
    }

    /** The error for a row with a number that no encoder can follow. */
    DeltaLlmException refused(int position, int channel, float value) {
        return name().refused(position, "a value of " + value + " in channel " + channel);
    }

    private static float[] given(Encoding.Delta delta) {
        return delta.events() == Encoding.Events.INT8 ? delta.steps() : NONE;
    }

    boolean exact() {
        return encoding instanceof Encoding.Exact;
    }

    boolean pruned() {
        return encoding instanceof Encoding.Pruned;
    }

    Encoding.Store store() {
        return encoding.store();
    }

    /** Steps each way that rows are rounded to; 0 for other stores. */
    int mostSteps() {
        return switch (encoding.store()) {
            case F32, BF16 -> 0;
            case INT8 -> 127;
            case INT4 -> 7;
        };
    }

    boolean delta() {
        return encoding instanceof Encoding.Delta;
    }

    /** The first position whose query sees the middle encoded. */
    int encodedFor() {
        return switch (encoding) {
            case Encoding.Exact exact -> Integer.MAX_VALUE;
            case Encoding.Pruned pruned -> 0;
            case Encoding.Delta delta -> delta.waits() ? FIRST_ROWS - 1 : 0;
        };
    }

    /** Whether steps and sigma are known. */
    boolean fixed() {
        return fixed;
    }

    /** Whether a step that ends at {@code end} fixes steps and sigma. */
    boolean fixesWith(int end) {
        return delta() && !fixed && length < FIRST_ROWS && end >= FIRST_ROWS && holds(0, length);
    }

    /** The first position that a step which ends at {@code end} encodes; -1 for none. */
    int encodeFrom(int end) {
        if (fixesWith(end)) {
            return 0;
        }
        return fixed && encoded == length ? length : -1;
    }

    /**
     * Makes memory present for a step that ends at {@code end}.
     *
     * @param window of exact rows that queries then see
     */
    void prepare(int end, int window, Lender lender) {
        plan(end, window);
        blocks.prepareExact(length, end, kept, nextGone, lender);
        if (encodeFrom(end) >= 0) {
            blocks.prepareEvents(end, lender);
        }
        if (fixesWith(end)) {
            // Its own before the device is told where it lies.
            blocks.ownRule();
        }
    }

    /** What {@link #prepare} and the packing behind it would take. */
    void demand(int end, int window, Demand demand) {
        blocks.demandExact(length, end, kept, goneAt(end, window), demand);
        if (encodeFrom(end) >= 0) {
            blocks.demandEvents(end, demand);
        }
        if (!exact()) {
            blocks.demandRule(demand);
        }
    }

    /** Plans which exact rows are not needed behind a step or a restored sequence. */
    void plan(int end, int window) {
        nextGone = goneAt(end, window);
    }

    private int goneAt(int end, int window) {
        long unseen = Math.max(0, end - (long) window - SLACK + 1) / Places.BLOCK * Places.BLOCK;
        return (int) Math.max(gone, Math.min(unseen, mayGo(end)));
    }

    private int mayGo(int end) {
        if (!delta()) {
            return head.dropsMiddle() ? end : 0;
        }
        if (encodeFrom(end) >= 0) {
            return end;
        }
        boolean waits = !fixed && length < FIRST_ROWS && holds(0, length);
        if (waits) {
            return 0;
        }
        return head.dropsMiddle() ? end : encoded;
    }

    int kept() {
        return kept;
    }

    int nextGone() {
        return nextGone;
    }

    /** Keeps a step, whose rows are added. */
    void commit() {
        blocks.commit(kept, nextGone);
        gone = nextGone;
        held.clear(Math.min(kept, gone), gone);
    }

    /** Takes a step back. */
    void rollback() {
        nextGone = gone;
        blocks.rollback(length);
    }

    void fix(FirstRows first) {
        fixed = true;
        steps = first.steps();
        sigma = first.sigma();
    }

    float[] steps() {
        return steps.clone();
    }

    float sigma() {
        return sigma;
    }

    /** A channel's threshold as kernels compare with it. */
    float threshold(int channel) {
        return threshold(channel, sigma);
    }

    private float threshold(int channel, float ofSigma) {
        return switch (encoding) {
            case Encoding.Exact exact -> 0;
            case Encoding.Pruned pruned -> pruned.theta();
            case Encoding.Delta delta -> delta.threshold(channel) * ofSigma;
        };
    }

    /** The format of events; F32 where there are none. */
    Encoding.Events events() {
        return encoding instanceof Encoding.Delta delta ? delta.events() : Encoding.Events.F32;
    }

    /** A channel's step: 0 if nothing is transmitted, 1 for events that are no whole steps. */
    float step(int channel) {
        return step(channel, steps);
    }

    private float step(int channel, float[] known) {
        if (events() != Encoding.Events.INT8) {
            return 1;
        }
        return known.length == 0 ? 0 : known[channel];
    }

    /** Thresholds of all channels, then steps, as they lie on the device. */
    float[] rule() {
        return rule(new FirstRows(steps, sigma));
    }

    /** The same, with what is fixed from the first rows. */
    float[] rule(FirstRows first) {
        int dim = blocks.format.dim();
        float[] rule = new float[2 * dim];
        for (int c = 0; c < dim; c++) {
            rule[c] = threshold(c, first.sigma());
            rule[dim + c] = step(c, first.steps());
        }
        return rule;
    }

    /** Adds a row that is held exactly, and how many channels it has. */
    void add(int count) {
        held.set(length);
        grow(length + 1);
        channels[length + 1] = channels[length] + count;
        length++;
    }

    /** Sets the channels of a row again, in the order of rows. */
    void recount(int row, int count) {
        grow(row + 1);
        channels[row + 1] = channels[row] + count;
    }

    private void grow(int rows) {
        if (channels.length <= rows) {
            channels = Arrays.copyOf(channels, Math.max(rows + 1, channels.length / 2 * 3));
        }
    }

    /** All rows are encoded now. */
    void encodeAll() {
        encoded = length;
    }

    /** What a restored stream has. */
    void restore(int rows, BitSet exact, int encodedRows) {
        length = rows;
        held.or(exact);
        encoded = encodedRows;
        grow(rows);
    }

    /** Whether an exact row of a block is held that is still needed, see {@link #plan}. */
    boolean holdsAny(int block) {
        int first = block * Places.BLOCK;
        boolean passes = first >= kept && first + Places.BLOCK <= nextGone;
        int next = held.nextSetBit(first);
        return !passes && next >= 0 && next < first + Places.BLOCK;
    }

    int encoded() {
        return encoded;
    }

    int length() {
        return length;
    }

    BitSet held() {
        return held;
    }

    /** Changed or kept channels of rows {@code [from, to)}. */
    long channels(int from, int to) {
        return channels[to] - channels[from];
    }

    /** Rows that are encoded when the stream is truncated. */
    private int encodedAt(int newLength) {
        boolean waitsAgain =
                encoding instanceof Encoding.Delta delta && delta.waits() && newLength < FIRST_ROWS;
        return waitsAgain ? 0 : Math.min(encoded, newLength);
    }

    /** The open block that a truncation needs because it ends within packed ones, or null. */
    @Nullable Extent openAt(int newLength, DeviceMemory memory) {
        int rows = encodedAt(newLength);
        return blocks.unpacks(rows) ? new StreamReader(this, memory).openBlock(rows) : null;
    }

    /**
     * Forgets the rows from a length on.
     *
     * @param open see {@link #openAt}
     */
    void truncate(int newLength, @Nullable Extent open) {
        encoded = encodedAt(newLength);
        length = Math.min(length, newLength);
        blocks.truncate(length, encoded, open);
        held.clear(length, Math.max(length, held.length()));
        gone = Math.min(gone, length / Places.BLOCK * Places.BLOCK);
        nextGone = gone;
        if (encoding instanceof Encoding.Delta delta && delta.waits() && length < FIRST_ROWS) {
            reset();
        }
    }

    void close() {
        blocks.clear();
    }

    /** Whether rows {@code [from, to)} are all held exactly. */
    boolean holds(int from, int to) {
        return from >= to || held.nextClearBit(from) >= to;
    }

    /** Whether rows {@code [from, to)} are there for the query at a position as the middle. */
    private boolean holdsMiddle(int from, int to, int query) {
        if (!(encoding instanceof Encoding.Delta delta) || (delta.waits() && query < FIRST_ROWS)) {
            return holds(from, to);
        }
        return from >= to || encoded >= to;
    }

    /** Whether all rows are there that the query at a position may see. */
    boolean holdsAllFor(int position, KvSequence sequence) {
        int recent = sequence.widestFrom(head.layer(), head.kvHead(), position);
        int middle = Math.min(head.sinks(), recent);
        int end = Math.min(position, length);
        return holds(0, Math.min(middle, end))
                && holds(recent, end)
                && (head.dropsMiddle() || holdsMiddle(middle, Math.min(recent, end), position));
    }

    /** Whether the middle is seen without its exact rows from now on. */
    boolean rebuildsMiddle() {
        return delta() && fixed;
    }
}
