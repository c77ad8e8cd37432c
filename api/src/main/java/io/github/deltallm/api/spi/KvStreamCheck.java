package io.github.deltallm.api.spi;

import static io.github.deltallm.api.spi.Encoding.Delta.FIRST_ROWS;

import io.github.deltallm.api.InvalidOptionException;

import java.util.Arrays;
import java.util.BitSet;

/**
 * For backends: checks that a stream is whole and could have come from an encoding, before anything
 * uses it.
 */
public final class KvStreamCheck {
    private final String name;
    private final int dim;
    private final Encoding encoding;
    private final KvStream stream;

    /**
     * @param name what the rows are, for the message: "keys of layer 3, head 1"
     * @param dim channels of a row
     * @param encoding how the rows are to be kept
     */
    public KvStreamCheck(String name, int dim, Encoding encoding, KvStream stream) {
        this.name = name;
        this.dim = dim;
        this.encoding = encoding;
        this.stream = stream;
    }

    /**
     * Refuses a stream that is not one of {@code length} positions.
     *
     * @throws InvalidOptionException naming the rows and what is wrong with them
     */
    public void check(int length) {
        require(
                stream.length() == length && length >= 0,
                stream.length() + " positions, others " + length);
        exactRows();
        KvStream.DeltaRows rows = stream.delta();
        require(rows.count() >= 0 && rows.count() <= length, rows.count() + " encoded rows");
        BitSet changed = BitSet.valueOf(rows.changed());
        require(
                64L * rows.changed().length >= (long) rows.count() * dim,
                rows.changed().length + " words of changes for " + rows.count() + " encoded rows");
        require(
                changed.length() <= (long) rows.count() * dim,
                "changes behind the " + rows.count() + " encoded rows");
        require(
                changed.cardinality() == rows.events().length,
                rows.events().length + " events for " + changed.cardinality() + " changes");
        if (rows.count() > 0 && encoding instanceof Encoding.Delta delta) {
            require(changed.nextClearBit(0) >= dim, "no whole row at position 0");
            steps(delta, rows);
            sigma(delta, rows.sigma());
            events(delta, rows, changed);
        }
    }

    private void exactRows() {
        long end = 0;
        for (KvStream.Rows rows : stream.exact()) {
            require(
                    rows.from() >= end && rows.values().length % dim == 0,
                    "exact rows from " + rows.from() + " that overlap or are not whole");
            end = rows.from() + (long) rows.values().length / dim;
            require(end <= stream.length(), "exact rows up to position " + end);
            for (float value : rows.values()) {
                require(
                        encoding instanceof Encoding.Exact || Float.isFinite(value),
                        value + " in an exact row, which can't be encoded");
            }
        }
    }

    private void steps(Encoding.Delta delta, KvStream.DeltaRows rows) {
        int wanted = delta.events() == Encoding.Events.INT8 ? dim : 0;
        require(
                rows.steps().length == wanted,
                rows.steps().length + " steps where " + wanted + " are needed");
        for (float step : rows.steps()) {
            require(step >= 0 && Float.isFinite(step), "a step of " + step);
        }
        require(
                wanted == 0
                        || delta.steps().length == 0
                        || Arrays.equals(delta.steps(), rows.steps()),
                "other steps than are given");
        require(
                !delta.waits() || stream.length() >= FIRST_ROWS,
                "encoded rows before there are " + FIRST_ROWS);
    }

    private void sigma(Encoding.Delta delta, float sigma) {
        boolean fits = delta.relative() ? sigma >= 0 && Float.isFinite(sigma) : sigma == 1;
        require(fits, "a sigma of " + sigma);
    }

    /** Every event is one of the format, and no sum of them is infinite. */
    private void events(Encoding.Delta delta, KvStream.DeltaRows rows, BitSet changed) {
        float[] reference = new float[dim];
        int event = 0;
        for (int bit = changed.nextSetBit(0); bit >= 0; bit = changed.nextSetBit(bit + 1)) {
            int channel = bit % dim;
            float change = rows.events()[event++];
            require(
                    Float.isFinite(change)
                            && (bit < dim || ofFormat(delta.events(), rows, channel, change)),
                    "an event of "
                            + change
                            + " at position "
                            + bit / dim
                            + ", which "
                            + delta.events()
                            + " can't hold");
            reference[channel] += change;
            require(
                    Float.isFinite(reference[channel]),
                    "events that add up to infinity at position " + bit / dim);
        }
    }

    private static boolean ofFormat(
            Encoding.Events format, KvStream.DeltaRows rows, int channel, float event) {
        return switch (format) {
            case F32 -> true;
            case BF16 -> (Float.floatToRawIntBits(event) & 0xFFFF) == 0;
            case INT8 -> {
                float step = rows.steps()[channel];
                double whole = Math.rint((double) event / step);
                yield Math.abs(whole) <= 127 && (float) whole * step == event;
            }
        };
    }

    private void require(boolean fits, String what) {
        if (!fits) {
            throw new InvalidOptionException(
                    "the restored "
                            + name
                            + " have "
                            + what
                            + "; the saved state is damaged, or of another model or attention");
        }
    }
}
