package io.github.deltallm.api.spi;

import java.util.Arrays;

/** How the keys or the values of one KV head are kept; a closed set that backends implement. */
public sealed interface Encoding {
    /**
     * The element type of rows that are kept exactly, and what an encoder's input is rounded to.
     */
    Store store();

    /** The element type of a kept row. */
    enum Store {
        F32(32),
        /** The upper half of an f32, rounded to nearest even. */
        BF16(16),
        /** A scale a row, 127 steps each way. */
        INT8(8),
        /** A scale a row, 7 steps each way. */
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
     * @param thresholds one a channel, or a single one for all channels
     * @param events how a change is kept
     * @param steps for {@link Events#INT8}: the step of a channel; empty to fix them from the first
     *     256 rows
     */
    record Delta(float[] thresholds, Events events, float[] steps, Store store)
            implements Encoding {
        public Delta {
            thresholds = thresholds.clone();
            steps = steps.clone();
        }

        /** The threshold of a channel. */
        public float threshold(int channel) {
            return thresholds.length == 1 ? thresholds[0] : thresholds[channel];
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Delta delta
                    && events == delta.events
                    && store == delta.store
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
