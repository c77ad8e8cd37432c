package io.github.deltallm.engine;

import java.util.List;

/**
 * A finished answer.
 *
 * @param promptIds the prompt's tokens
 * @param ids the generated tokens, with the one that ended the answer, if one did
 * @param text the answer without end tokens and stop texts
 * @param finish why it ended
 * @param reusedTokens how many of the prompt's tokens the session already held
 * @param prefillNanos time for the rest of the prompt
 * @param decodeNanos time for the generated tokens after the first
 * @param attention what attention computed and holds in the whole session
 */
public record GenerationResult(
        List<Integer> promptIds,
        List<Integer> ids,
        String text,
        Finish finish,
        int reusedTokens,
        long prefillNanos,
        long decodeNanos,
        AttentionReport attention) {
    /** Why a generation ended. */
    public enum Finish {
        /** The model ended its answer, or a stop text appeared. */
        STOP,
        /** The largest number of tokens was reached. */
        LENGTH,
        /** The caller cancelled; what was generated before is there. */
        CANCELLED
    }

    public GenerationResult {
        promptIds = List.copyOf(promptIds);
        ids = List.copyOf(ids);
    }

    /** Prompt tokens computed a second. */
    public double prefillTokensPerSecond() {
        return rate(promptIds.size() - reusedTokens, prefillNanos);
    }

    /** Tokens generated a second, the first one not counted: it comes with the prompt. */
    public double decodeTokensPerSecond() {
        return rate(ids.size() - 1, decodeNanos);
    }

    private static double rate(int tokens, long nanos) {
        return tokens <= 0 || nanos <= 0 ? 0 : tokens * 1e9 / nanos;
    }
}
