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

    DeltaRule(Encoding.Delta encoding) {
        this.encoding = encoding;
    }

    /** Whether an input is transmitted. */
    boolean changed(int channel, float input, float reference) {
        float change = Math.abs(input - reference);
        return change > encoding.threshold(channel) && change >= LEAST_CHANGE;
    }

    /**
     * What is transmitted for an input.
     *
     * @param step the step of the channel, for INT8 events
     */
    float event(float input, float reference, float step) {
        float change = input - reference;
        return switch (encoding.events()) {
            case F32 -> change;
            case BF16 -> Rounding.bf16(change);
            case INT8 -> step * steps(change, step);
        };
    }

    private static float steps(float change, float step) {
        return (float) Math.clamp(Math.rint(change / step), -127.0, 127.0);
    }
}
