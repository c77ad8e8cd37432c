package io.github.deltallm.evaluation.result;

/**
 * What an attention skipped and kept. Fractions are of sums over all items, never averages of
 * fractions; see {@link io.github.deltallm.api.AttentionCounts}.
 *
 * @param deltaZeroFraction unchanged elements of the delta matrices of the keys
 * @param skippedMacFraction score MACs not needed, prompt and generated tokens together
 * @param prefillSkippedMacFraction the same for the tokens of prompts
 * @param decodeSkippedMacFraction the same for generated tokens; 0 if none were
 * @param valueDeltaZeroFraction unchanged elements of the delta matrices of the values
 * @param valueSkippedMacFraction MACs of the mix of the values not needed, both stages
 * @param prefillValueSkippedMacFraction the same for the tokens of prompts
 * @param executedMacs what the backend computed for scores and mixing
 * @param keyBytes bytes allocated for keys, of the largest item
 * @param valueBytes bytes allocated for values, of the largest item
 * @param denseKeyBytes what a dense bf16 cache of that length holds for keys
 * @param denseValueBytes the same for values
 */
public record Sparsity(
        double deltaZeroFraction,
        double skippedMacFraction,
        double prefillSkippedMacFraction,
        double decodeSkippedMacFraction,
        double valueDeltaZeroFraction,
        double valueSkippedMacFraction,
        double prefillValueSkippedMacFraction,
        long executedMacs,
        long keyBytes,
        long valueBytes,
        long denseKeyBytes,
        long denseValueBytes) {

    /** Measured bits an element of the keys; 0 if there are none. */
    public double keyBits() {
        return denseKeyBytes == 0 ? 0 : 16.0 * keyBytes / denseKeyBytes;
    }

    /** Measured bits an element of the values; 0 if there are none. */
    public double valueBits() {
        return denseValueBytes == 0 ? 0 : 16.0 * valueBytes / denseValueBytes;
    }
}
