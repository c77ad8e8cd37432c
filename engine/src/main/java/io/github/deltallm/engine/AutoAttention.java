package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.DeltaBreakEven;
import io.github.deltallm.api.spi.KvCache;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * When the attention {@code auto} of one session goes from dense to delta: before a prompt that is
 * long enough, and when the dense cache has outgrown a size, both as its backend measured. It goes
 * back only where the session is empty again.
 */
final class AutoAttention {
    private static final String NAME = "auto";

    /** The specification, which has no settings. */
    static final AttentionSpec SPEC = AttentionSpec.parse(NAME);

    /** What runs in the end, with the profile that comes for the model, if one does. */
    static final AttentionSpec DELTA = AttentionSpec.parse("delta");

    /** Positions between two looks at the cache's bytes, which takes a walk over all heads. */
    private static final int LEAST_STRIDE = 32;

    private final AttentionStrategy dense;
    private final Supplier<AttentionStrategy> delta;
    private final DeltaBreakEven breakEven;
    private boolean settled;
    private int measureAt = 1;
    private Optional<String> note = Optional.empty();

    /**
     * @param delta asked when it is needed: a profile may have to be found by the model's hash,
     *     which short sessions need not wait for
     */
    AutoAttention(
            AttentionStrategy dense, Supplier<AttentionStrategy> delta, DeltaBreakEven breakEven) {
        this.dense = dense;
        this.delta = delta;
        this.breakEven = breakEven;
        settled = breakEven.equals(DeltaBreakEven.NEVER);
    }

    /** Whether a specification asks for it; a wrong setting is refused. */
    static boolean isAskedFor(AttentionSpec spec) {
        boolean asked = spec.name().equals(NAME);
        if (asked) {
            spec.requireKeys(List.of());
        }
        return asked;
    }

    AttentionStrategy dense() {
        return dense;
    }

    AttentionStrategy delta() {
        return delta.get();
    }

    /**
     * Whether it is time for delta. Costs next to nothing and allocates nothing but for a few
     * positions at which the cache is measured.
     *
     * @param cache what the session holds
     * @param coming the number of tokens that are known to come next
     */
    boolean due(KvCache cache, int coming) {
        if (settled) {
            return false;
        }
        int length = cache.length();
        int declared = cache.request().tokens() - length;
        return Math.max(coming, declared) >= breakEven.promptTokens()
                || (length >= measureAt && outgrown(cache, length));
    }

    private boolean outgrown(KvCache cache, int length) {
        CacheBytes held = cache.bytes();
        long bytes = held.keys() + held.values();
        if (bytes > breakEven.denseBytes()) {
            return true;
        }
        // Pages that are not full yet make this early, never late; it is not trusted any further
        // than twice the length.
        double expected = length * ((double) breakEven.denseBytes() / Math.max(1, bytes));
        double next =
                Math.clamp(expected, (double) length + LEAST_STRIDE, 2.0 * length + LEAST_STRIDE);
        measureAt = (int) Math.min(next, Integer.MAX_VALUE);
        return false;
    }

    /** Changes no more until {@link #restart}. */
    void settle(Optional<String> why) {
        settled = true;
        note = why;
    }

    /** The session is empty and dense, and all is to be decided anew. */
    void restart() {
        settled = breakEven.equals(DeltaBreakEven.NEVER);
        measureAt = 1;
        note = Optional.empty();
    }

    /** What a user should know of the change, or why there was none. */
    Optional<String> note() {
        return note;
    }

    /** The same for a session that goes on from here by itself. */
    AutoAttention fork() {
        AutoAttention fork = new AutoAttention(dense, delta, breakEven);
        fork.settled = settled;
        fork.measureAt = measureAt;
        fork.note = note;
        return fork;
    }
}
