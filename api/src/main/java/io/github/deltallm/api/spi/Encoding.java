package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;

import java.util.Arrays;

/** How the keys or the values of one KV head are kept; a closed set that backends implement. */
public sealed interface Encoding {
    /**
     * The element type of rows that are kept exactly, and what an encoder's input is rounded to.
     */
    Store store();

    /**
     * For backends: checks that there is a number for each channel where there must be, and that
     * all make sense.
     *
     * @param spec of the attention that asks for it, for the message
     * @throws InvalidOptionException if not
     */
    default void requireFit(HeadShape heads, AttentionSpec spec) {
        int dim = heads.headDim();
        if (this instanceof Pruned pruned && !(pruned.theta() >= 0)) {
            throw new InvalidOptionException(
                    "the attention "
                            + spec
                            + " has a threshold of "
                            + pruned.theta()
                            + "; it must be a number that is not negative");
        }
        if (this instanceof Delta delta
                && !(Delta.fits(delta.thresholds(), 1, dim) && Delta.fits(delta.steps(), 0, dim))) {
            throw new InvalidOptionException(
                    "the attention "
                            + spec
                            + " has "
                            + delta.thresholds().length
                            + " thresholds and "
                            + delta.steps().length
                            + " steps, but a head has "
                            + dim
                            + " channels; all of them must be finite numbers that are not"
                            + " negative");
        }
    }

    /** The element type of a kept row. */
    enum Store {
        F32(32),
        /** The upper half of an f32, rounded to nearest even. */
        BF16(16),
        /**
         * 127 steps each way of a size a row: the largest magnitude / 127, rounded up to 16
         * significant bits, so that multiples are exact and rounding twice changes nothing.
         */
        INT8(8),
        /** As {@link #INT8}, 7 steps each way. */
        INT4(4);

        private final int bits;

        Store(int bits) {
            this.bits = bits;
        }

        /** Bits an element, without the row's scale. */
        public int bits() {
            return bits;
        }
    }

    /** Every row is kept as it is, rounded to the store. */
    record Exact(Store store) implements Encoding {}

    /**
     * Outside sinks and window only changes are kept: a channel is transmitted when it differs from
     * the last transmitted value by more than its threshold (DeltaLLM, arXiv 2507.19608; closed
     * loop as in DeltaRNN).
     *
     * <p>What is not given is fixed from the first {@link #FIRST_ROWS} rows of the sequence, as the
     * store rounds them; queries before position {@code FIRST_ROWS - 1} then see all rows exactly,
     * whatever the chunk size.
     *
     * @param thresholds one a channel, or a single one for all channels
     * @param relative whether thresholds are multiples of sigma, the standard deviation of the
     *     first rows over all channels
     * @param events how a change is kept
     * @param steps for {@link Events#INT8}: the step of a channel; empty for {@code 2 max|row[c]| /
     *     127} over the first rows. A channel whose step is 0 transmits nothing behind row 0
     */
    record Delta(float[] thresholds, boolean relative, Events events, float[] steps, Store store)
            implements Encoding {
        /** Rows from which steps and sigma are fixed. */
        public static final int FIRST_ROWS = 256;

        public Delta {
            thresholds = thresholds.clone();
            steps = steps.clone();
        }

        /** One threshold for all channels, nothing to be fixed unless steps are. */
        public static Delta of(float theta, Events events, Store store) {
            return new Delta(new float[] {theta}, false, events, new float[0], store);
        }

        /** The threshold of a channel, without sigma. */
        public float threshold(int channel) {
            return thresholds.length == 1 ? thresholds[0] : thresholds[channel];
        }

        /** Whether steps or sigma come from the first rows, which stay exact until then. */
        public boolean waits() {
            return relative || (events == Events.INT8 && steps.length == 0);
        }

        /** Whether there is a number for each channel, or {@code few}, none of them negative. */
        private static boolean fits(float[] numbers, int few, int dim) {
            boolean fits = numbers.length == few || numbers.length == dim;
            for (float number : numbers) {
                fits &= number >= 0 && Float.isFinite(number);
            }
            return fits;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Delta delta
                    && events == delta.events
                    && store == delta.store
                    && relative == delta.relative
                    && Arrays.equals(thresholds, delta.thresholds)
                    && Arrays.equals(steps, delta.steps);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(thresholds) + events.hashCode();
        }
    }

    /** The format of a transmitted change. */
    enum Events {
        F32,
        BF16,
        /** A whole number of steps from -127 to 127. */
        INT8
    }

    /**
     * Outside sinks and window, values of at most {@code theta} count as zero: the control for
     * delta encoding.
     */
    record Pruned(float theta, Store store) implements Encoding {}
}
