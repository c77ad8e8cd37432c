package io.github.deltallm.attention.delta;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Delta;
import io.github.deltallm.api.spi.Encoding.Events;
import io.github.deltallm.api.spi.Encoding.Store;
import io.github.deltallm.attention.delta.HybridAttention.KvEncoding;

import java.util.Optional;

/**
 * How heads are kept under {@code delta}.
 *
 * @param theta the threshold of keys, or with a profile what its thresholds are multiplied by
 * @param values the threshold of values in multiples of their sigma; empty if they stay exact
 */
record DeltaEncodings(float theta, Optional<Float> values, Events events, Store store) {
    private static final float[] NOT_GIVEN = {};

    /** A head of which nothing is known: steps and sigma are fixed from its first rows. */
    KvEncoding plain() {
        return new KvEncoding(
                Delta.of(theta, events, store),
                values.<Encoding>map(threshold -> delta(threshold, true, NOT_GIVEN))
                        .orElse(new Encoding.Exact(store)));
    }

    /** A head that was calibrated. */
    KvEncoding calibrated(Profile.Head head) {
        return new KvEncoding(
                new Delta(head.thresholds(theta), false, events, steps(head.steps()), store),
                values.<Encoding>map(threshold ->
                                delta(
                                        threshold * head.valueSigma(),
                                        false,
                                        steps(head.valueSteps())))
                        .orElse(new Encoding.Exact(store)));
    }

    private Delta delta(float threshold, boolean relative, float[] steps) {
        return new Delta(new float[] {threshold}, relative, events, steps, store);
    }

    private float[] steps(float[] measured) {
        return events == Events.INT8 ? measured : NOT_GIVEN;
    }
}
