package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Encoding.Events;

/**
 * The closed-loop rule of delta encoding (DeltaLLM, arXiv 2507.19608) with all its numbers, as the
 * device applies it to rows that arrive; the host does for rows that are restored or exported.
 *
 * <pre>
 * changed = |k - r| > limit,  e = format(k - r),  r = r + e    where changed
 * </pre>
 */
final class DeltaRule {
    /** Devices flush smaller numbers to zero, so a smaller change counts as none. */
    private static final float LEAST_CHANGE = Float.MIN_NORMAL;

    final Events events;
    final float sigma;
    private final float[] limits;
    private final float[] steps;

    private DeltaRule(Events events, float[] limits, float[] steps, float sigma) {
        this.events = events;
        this.limits = limits;
        this.steps = steps;
        this.sigma = sigma;
    }

    /** With steps and sigma as given or fixed. */
    static DeltaRule of(Encoding.Delta delta, int dim, float[] steps, float sigma) {
        float[] limits = new float[dim];
        for (int c = 0; c < dim; c++) {
            limits[c] = delta.threshold(c) * sigma;
        }
        float[] own = delta.events() == Events.INT8 ? steps.clone() : new float[0];
        return new DeltaRule(delta.events(), limits, own, sigma);
    }

    /** The step of each channel; empty unless events are INT8. */
    float[] steps() {
        return steps.clone();
    }

    /** A channel's step; 1 where there are none. */
    float step(int channel) {
        return steps.length == 0 ? 1 : steps[channel];
    }

    /** What the device reads: all thresholds, then all steps. */
    int[] words() {
        int[] words = new int[2 * limits.length];
        for (int c = 0; c < limits.length; c++) {
            words[c] = Float.floatToRawIntBits(limits[c]);
            words[limits.length + c] = Float.floatToRawIntBits(step(c));
        }
        return words;
    }

    /** Whether an input is transmitted. */
    boolean changed(int channel, float input, float reference) {
        float change = Math.abs(input - reference);
        return change > limits[channel]
                && change >= LEAST_CHANGE
                && (steps.length == 0 || steps[channel] > 0);
    }

    /** What is transmitted for an input; a change of minus zero is one of zero. */
    float event(int channel, float input, float reference) {
        float change = input - reference;
        return switch (events) {
            case F32 -> change;
            case BF16 -> Float.intBitsToFloat(RowsFormat.bf16(change));
            case INT8 -> {
                double whole = Math.rint(change / steps[channel]);
                yield steps[channel] * (float) Math.clamp(whole, -127.0, 127.0) + 0f;
            }
        };
    }
}
