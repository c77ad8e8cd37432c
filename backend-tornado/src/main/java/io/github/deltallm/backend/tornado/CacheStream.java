package io.github.deltallm.backend.tornado;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.spi.Encoding;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What the host knows of the keys or the values of one head: which rows are on the device, exactly
 * and encoded, how many channels each has, and the rule by which they are encoded.
 */
final class CacheStream {
    private static final float[] NONE = {};

    final RowName name;
    final Encoding encoding;
    private final BitSet held;
    private int length;

    /** Rows that are encoded. */
    private int encoded;

    /** Changed or kept channels of all rows before the one of the index. */
    private long[] channels = {0};

    private boolean fixed;
    private float[] steps = NONE;
    private float sigma = 1;

    CacheStream(RowName name, Encoding encoding) {
        this.name = name;
        this.encoding = encoding;
        held = new BitSet();
        reset();
    }

    CacheStream(CacheStream other) {
        name = other.name;
        encoding = other.encoding;
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
        return switch (encoding) {
            case Encoding.Exact exact -> 0;
            case Encoding.Pruned pruned -> pruned.theta();
            case Encoding.Delta delta -> delta.threshold(channel) * sigma;
        };
    }

    /** The format of events; F32 where there are none. */
    Encoding.Events events() {
        return encoding instanceof Encoding.Delta delta ? delta.events() : Encoding.Events.F32;
    }

    /** A channel's step: 0 if nothing is transmitted, 1 for events that are no whole steps. */
    float step(int channel) {
        if (events() != Encoding.Events.INT8) {
            return 1;
        }
        return steps.length == 0 ? 0 : steps[channel];
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

    void truncate(int newLength) {
        length = Math.min(length, newLength);
        held.clear(length, Math.max(length, held.length()));
        encoded = Math.min(encoded, length);
        if (encoding instanceof Encoding.Delta delta && delta.waits() && length < FIRST_ROWS) {
            reset();
        }
    }

    /** Whether rows {@code [from, to)} are all held exactly. */
    boolean holds(int from, int to) {
        return from >= to || held.nextClearBit(from) >= to;
    }

    /** The first of the last rows that are all held exactly. */
    int heldFrom() {
        return held.previousClearBit(length - 1) + 1;
    }

    /** Whether rows {@code [from, to)} are there for the query at a position as the middle. */
    boolean holdsMiddle(int from, int to, int query) {
        if (!(encoding instanceof Encoding.Delta delta) || (delta.waits() && query < FIRST_ROWS)) {
            return holds(from, to);
        }
        return from >= to || encoded >= to;
    }

    /** Whether the middle is seen without its exact rows from now on. */
    boolean rebuildsMiddle() {
        return delta() && fixed;
    }
}
