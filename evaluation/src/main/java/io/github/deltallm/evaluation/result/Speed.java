package io.github.deltallm.evaluation.result;

/**
 * The speed of an attention at a depth.
 *
 * @param attention the specification
 * @param stage of the model
 * @param depth tokens before the measured ones: 0 and up
 * @param tokensPerSecond median of the repetitions
 * @param spread fastest less slowest repetition, tokens a second
 * @param repetitions how often it was measured
 */
public record Speed(
        String attention,
        Stage stage,
        int depth,
        double tokensPerSecond,
        double spread,
        int repetitions) {

    /** What was measured. */
    public enum Stage {
        PREFILL,
        DECODE
    }
}
