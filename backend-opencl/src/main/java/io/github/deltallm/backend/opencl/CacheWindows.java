package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.KvCache.Stage;

/** What was declared for a sequence, and when its windows grew. */
final class CacheWindows {
    private AttentionStrategy.Request widestRequest = new AttentionStrategy.Request(0);
    private AttentionStrategy.Request request = new AttentionStrategy.Request(0);
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    // What a failed run goes back to.
    private int declaredBefore;
    private int widestBefore;
    private int widenedAtBefore;

    CacheWindows() {}

    CacheWindows(CacheWindows other) {
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
    }

    /** Declares for a sequence of {@code length} positions. */
    void declare(int tokens, int length, CacheHead[] heads) {
        int wanted = Math.max(declared, tokens);
        if (wanted > widest) {
            widen(new AttentionStrategy.Request(wanted), length, heads);
        }
        declared = wanted;
    }

    /** Asks the strategy about all heads before it changes anything: it may throw. */
    private void widen(AttentionStrategy.Request now, int length, CacheHead[] heads) {
        AttentionStrategy.Request before = new AttentionStrategy.Request(widest);
        int[] outside = new int[heads.length];
        for (int i = 0; i < heads.length; i++) {
            outside[i] = heads[i].outside(length, before, now);
        }
        widest = now.tokens();
        for (int i = 0; i < heads.length; i++) {
            if (outside[i] > 0) {
                heads[i].leaveOutside(outside[i]);
                widenedAt = length;
            }
        }
    }

    /** Notes that restored rows do not fill a window. */
    void startAt(int length) {
        widenedAt = length;
    }

    boolean isDeclared() {
        return declared > 0;
    }

    /** The length when windows last grew. */
    int widenedAt() {
        return widenedAt;
    }

    AttentionStrategy.Request request() {
        if (request.tokens() != declared) {
            request = new AttentionStrategy.Request(declared);
        }
        return request;
    }

    /** The request of the widest windows: what is declared again after a truncation, at most. */
    AttentionStrategy.Request widestRequest() {
        if (widestRequest.tokens() != widest) {
            widestRequest = new AttentionStrategy.Request(widest);
        }
        return widestRequest;
    }

    /** The stage to which a position counts. */
    Stage stage(int position) {
        return position < declared ? Stage.PREFILL : Stage.DECODE;
    }

    void truncate(int length) {
        declared = Math.min(declared, length);
        if (length == 0) {
            widest = 0;
            widenedAt = 0;
        }
    }

    /** Notes what {@link #rollback} goes back to. */
    void note() {
        declaredBefore = declared;
        widestBefore = widest;
        widenedAtBefore = widenedAt;
    }

    void rollback() {
        declared = declaredBefore;
        widest = widestBefore;
        widenedAt = widenedAtBefore;
    }
}
