package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Encoding;

/**
 * The closed-loop rule of delta encoding, one channel at a time (DeltaLLM, arXiv 2507.19608).
 *
 * <pre>
 * changed = |k - r| > theta,  e = format(k - r),  r = r + e    where changed
 * </pre>
 *
 * A comparison and a subtraction in fp32: every backend gets the same result bit for bit.
 */
final class DeltaRule {
    /** Devices flush smaller numbers to zero, so a smaller change counts as none. */
    private static final float LEAST_CHANGE = Float.MIN_NORMAL;

    private final Encoding.Delta encoding;
    private final float[] steps;
    private final float sigma;

    /**
     * @param steps the step of each channel; empty unless events are INT8
     * @param sigma what thresholds are multiples of
     */
    DeltaRule(Encoding.Delta encoding, float[] steps, float sigma) {
        this.encoding = encoding;
        this.steps = steps;
        this.sigma = sigma;
    }

    /** Whether an input is transmitted. */
    boolean changed(int channel, float input, float reference) {
        float change = Math.abs(input - reference);
        return change > encoding.threshold(channel) * sigma
                && change >= LEAST_CHANGE
                && (steps.length == 0 || steps[channel] > 0);
    }

    /** What is transmitted for an input. */
    float event(int channel, float input, float reference) {
        float change = input - reference;
        return switch (encoding.events()) {
            case F32 -> change;
            case BF16 -> Rounding.bf16(change);
            case INT8 -> steps[channel] * steps(change, steps[channel]);
        };
    }

    private static float steps(float change, float step) {
        return (float) Math.clamp(Math.rint(change / step), -127.0, 127.0);
    }
}
