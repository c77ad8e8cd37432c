package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.spi.DeltaBreakEven;

/**
 * From where on delta attention pays on a CPU, see {@link DeltaBreakEven} for how it is found and
 * docs/performance.md for the figures.
 */
final class MeasuredBreakEven {
    /**
     * Tokens of a prompt. In shorter ones, the exact keys of windows and the rounding up to whole
     * tiles eat what the events save.
     */
    static final int PROMPT_TOKENS = 1024;

    /**
     * Bytes of a dense cache. In a smaller one decoding waits for instructions, not for memory, and
     * a delta-encoded key takes more of them: both take the same time at 47 to 67 MB.
     */
    static final long DENSE_BYTES = 64L << 20;

    private MeasuredBreakEven() {}

    /**
     * @param expands whether packed events are expanded by one instruction; where they are not,
     *     decoding never gains, and it follows every prompt
     */
    static DeltaBreakEven of(boolean expands) {
        return expands ? new DeltaBreakEven(PROMPT_TOKENS, DENSE_BYTES) : DeltaBreakEven.NEVER;
    }
}
