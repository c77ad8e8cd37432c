package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.evaluation.result.Sparsity;

/**
 * What computing took. What several items share is counted for the first of them.
 *
 * @param tokens computed
 * @param nanos time, all threads at work
 * @param prefill what attention computed for prompts
 * @param decode the same for generated tokens
 * @param bytes of the largest cache
 */
record Usage(
        long tokens,
        long nanos,
        AttentionCounts prefill,
        AttentionCounts decode,
        CacheBytes bytes) {
    static final Usage NONE =
            new Usage(0, 0, AttentionCounts.ZERO, AttentionCounts.ZERO, CacheBytes.ZERO);

    Usage plus(Usage other) {
        return new Usage(
                tokens + other.tokens,
                nanos + other.nanos,
                prefill.plus(other.prefill),
                decode.plus(other.decode),
                larger(bytes, other.bytes));
    }

    Usage withNanos(long time) {
        return new Usage(tokens, time, prefill, decode, bytes);
    }

    static CacheBytes larger(CacheBytes one, CacheBytes other) {
        return other.denseKeys() > one.denseKeys() ? other : one;
    }

    double tokensPerSecond() {
        return nanos == 0 ? 0 : tokens * 1e9 / nanos;
    }

    Sparsity sparsity() {
        AttentionCounts total = prefill.plus(decode);
        return new Sparsity(
                total.deltaZeroFraction(),
                total.skippedMacFraction(),
                prefill.skippedMacFraction(),
                decode.skippedMacFraction(),
                total.valueDeltaZeroFraction(),
                total.valueSkippedMacFraction(),
                prefill.valueSkippedMacFraction(),
                total.executedMacs(),
                bytes.keys(),
                bytes.values(),
                bytes.denseKeys(),
                bytes.denseValues());
    }
}
