package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.CacheBytes;

/**
 * The keys and values of one sequence, in all layers, kept as its {@link AttentionStrategy}
 * declares.
 *
 * <p>A cache belongs to the {@link Executable} that made it and grows by {@link Executable#run}. It
 * is used by one thread at a time. Closing it releases its memory at once; closing twice is
 * harmless.
 */
public interface KvCache extends AutoCloseable {
    AttentionStrategy strategy();

    /** Number of positions held. */
    int length();

    /** The largest {@link #length()}. */
    int capacity();

    /**
     * Tells how many tokens the sequence will have when its prompt is complete; fewer than before
     * change nothing. A run on a sequence for which nothing was declared declares its own rows.
     *
     * <p>Relative windows are taken from it. Where it makes a window wider than ever before in this
     * sequence, keys that were outside the window then stay outside: from then on exact runs begin
     * no earlier than {@code length() - window}, both as they were before the call.
     */
    void declare(int tokens);

    /** What was declared. */
    AttentionStrategy.Request request();

    /**
     * Forgets all positions from {@code length} on, and what was declared beyond it. Truncating to
     * 0 forgets everything.
     *
     * @throws IllegalArgumentException if {@code length} is negative or more than {@link #length()}
     * @throws io.github.deltallm.api.InvalidOptionException if exact rows that the strategy then
     *     needs are already dropped; nothing is changed, {@link #truncationFloor()} tells how deep
     *     a truncation can go
     */
    void truncate(int length);

    /**
     * The smallest length that {@link #truncate} can reach now, apart from 0, which it always can.
     */
    int truncationFloor();

    /** An independent copy; what both have in common may be shared until one of them changes it. */
    KvCache fork();

    /** Bytes allocated now. */
    CacheBytes bytes();

    /** What attention computed in a layer, up to now, for the positions of a stage. */
    AttentionCounts counts(int layer, Stage stage);

    /** The state of a head in a form that every backend can {@link Executable#restore}. */
    KvStream export(int layer, int kvHead, KvStream.Kind kind);

    @Override
    void close();

    /** Whether a position was part of the declared prompt or came after it. */
    enum Stage {
        PREFILL,
        DECODE
    }
}
