package io.github.deltallm.api;

/**
 * What attention computed and skipped: exact sums, never averages.
 *
 * <p>MACs are multiply-accumulates of one channel. The cost of a (query, key) pair is the head
 * dimension where the key is exact, the number of changed channels where it is delta-encoded, its
 * nonzero channels where it is pruned, and 0 where it is dropped; see DeltaLLM, arXiv 2507.19608.
 *
 * @param keyElements elements of the delta matrices of the keys (0 where keys are not encoded)
 * @param keyUnchanged how many of them are unchanged
 * @param keyMacs what dense attention computes for the scores: causal pairs times head dimension
 * @param keyCost what the strategy needs for them
 * @param valueElements as {@code keyElements}, for values
 * @param valueUnchanged as {@code keyUnchanged}, for values
 * @param valueMacs what dense attention computes to mix the values
 * @param valueCost what the strategy needs for that
 * @param executedMacs what the backend really computed for scores and mixing, its tiles' overlap
 *     and anchors included
 */
public record AttentionCounts(
        long keyElements,
        long keyUnchanged,
        long keyMacs,
        long keyCost,
        long valueElements,
        long valueUnchanged,
        long valueMacs,
        long valueCost,
        long executedMacs) {
    public static final AttentionCounts ZERO = new AttentionCounts(0, 0, 0, 0, 0, 0, 0, 0, 0);

    public AttentionCounts plus(AttentionCounts other) {
        return new AttentionCounts(
                keyElements + other.keyElements,
                keyUnchanged + other.keyUnchanged,
                keyMacs + other.keyMacs,
                keyCost + other.keyCost,
                valueElements + other.valueElements,
                valueUnchanged + other.valueUnchanged,
                valueMacs + other.valueMacs,
                valueCost + other.valueCost,
                executedMacs + other.executedMacs);
    }

    /** What was added to earlier counts of the same sequence. */
    public AttentionCounts minus(AttentionCounts earlier) {
        return new AttentionCounts(
                keyElements - earlier.keyElements,
                keyUnchanged - earlier.keyUnchanged,
                keyMacs - earlier.keyMacs,
                keyCost - earlier.keyCost,
                valueElements - earlier.valueElements,
                valueUnchanged - earlier.valueUnchanged,
                valueMacs - earlier.valueMacs,
                valueCost - earlier.valueCost,
                executedMacs - earlier.executedMacs);
    }

    /**
     * Unchanged elements of the delta matrices of the keys over their elements; 0 where nothing is
     * encoded.
     */
    public double deltaZeroFraction() {
        return fraction(keyUnchanged, keyElements);
    }

    /** The part of the score MACs that was not needed. */
    public double skippedMacFraction() {
        return keyMacs == 0 ? 0 : 1 - fraction(keyCost, keyMacs);
    }

    /** As {@link #deltaZeroFraction()}, for values. */
    public double valueDeltaZeroFraction() {
        return fraction(valueUnchanged, valueElements);
    }

    /** As {@link #skippedMacFraction()}, for the mix of the values. */
    public double valueSkippedMacFraction() {
        return valueMacs == 0 ? 0 : 1 - fraction(valueCost, valueMacs);
    }

    private static double fraction(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
