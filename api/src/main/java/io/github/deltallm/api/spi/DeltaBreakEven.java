package io.github.deltallm.api.spi;

/**
 * From where on delta attention is faster than dense attention on a backend, as measured: what
 * {@code auto} goes by.
 *
 * <p>To measure it, time the specifications {@code dense} and {@code delta} side by side, both with
 * their defaults ({@code deltallm bench} does), on a model whose heads have the shape in question.
 * For {@code promptTokens}, time whole prompts of growing length into empty sequences. For {@code
 * denseBytes}, time single tokens after prompts of growing length and take the bytes of the dense
 * cache, see {@link KvCache#bytes}: in the processor's caches dense attention wins, and how much
 * fits there is a number of bytes, whatever the model.
 *
 * @param promptTokens the number of tokens, computed in one go, from which delta attention takes no
 *     longer than dense attention
 * @param denseBytes the size of a dense cache, keys and values in all layers, beyond which decoding
 *     takes no longer with a delta-encoded one
 */
public record DeltaBreakEven(int promptTokens, long denseBytes) {
    /** The value of {@link #promptTokens} where delta attention never pays for a prompt. */
    public static final int NO_PROMPT = Integer.MAX_VALUE;

    /** The value of {@link #denseBytes} where delta attention never pays in decoding. */
    public static final long NO_SIZE = Long.MAX_VALUE;

    /** Delta attention never pays, or nobody has measured from where on it does. */
    public static final DeltaBreakEven NEVER = new DeltaBreakEven(NO_PROMPT, NO_SIZE);

    public DeltaBreakEven {
        if (promptTokens < 1 || denseBytes < 0) {
            throw new IllegalArgumentException(
                    "a break-even is at 1 token or more and at 0 bytes or more, not at "
                            + promptTokens
                            + " tokens and "
                            + denseBytes
                            + " bytes");
        }
    }
}
