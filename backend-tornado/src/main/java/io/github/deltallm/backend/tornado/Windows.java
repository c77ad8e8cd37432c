package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadShape;

import java.util.Arrays;

/** What was declared for a sequence, and what stays outside its windows since they grew. */
final class Windows {
    private final HeadShape heads;
    private final AttentionStrategy strategy;
    private int declared;

    /** The most that was declared since the sequence was empty. */
    private int widest;

    /** The length when windows last grew; no truncation goes below. */
    private int widenedAt;

    /** By layer and head: exact runs begin no earlier. */
    private final int[] outside;

    Windows(HeadShape heads, AttentionStrategy strategy) {
        this.heads = heads;
        this.strategy = strategy;
        outside = new int[heads.layers() * heads.kvHeads()];
    }

    private Windows(Windows other) {
        heads = other.heads;
        strategy = other.strategy;
        declared = other.declared;
        widest = other.widest;
        widenedAt = other.widenedAt;
        outside = other.outside.clone();
    }

    Windows copy() {
        return new Windows(this);
    }

    AttentionStrategy.Request request() {
        return new AttentionStrategy.Request(declared);
    }

    /** The most that was declared since the sequence was empty. */
    AttentionStrategy.Request widestRequest() {
        return new AttentionStrategy.Request(widest);
    }

    int widenedAt() {
        return widenedAt;
    }

    /** The first position of a head that an exact run may begin at. */
    int outside(int layer, int kvHead) {
        return outside[index(layer, kvHead)];
    }

    /** What the query at a position sees. */
    VisibleRuns runs(int layer, int kvHead, int position) {
        return VisibleRuns.of(strategy, layer, kvHead, position, request())
                .from(outside(layer, kvHead));
    }

    /** What the query at a position may see, whatever is declared again after a truncation. */
    VisibleRuns widestRuns(int layer, int kvHead, int position) {
        AttentionStrategy.Request most = new AttentionStrategy.Request(widest);
        int from = Math.max(0, position - strategy.window(layer, kvHead, most) + 1);
        return VisibleRuns.of(strategy, layer, kvHead, position, from).from(outside(layer, kvHead));
    }

    /** Declares for a sequence of {@code length} positions. */
    void declare(int tokens, int length) {
        int wanted = Math.max(declared, tokens);
        if (wanted > widest) {
            if (length > 0) {
                widen(new AttentionStrategy.Request(wanted), length);
            }
            widest = wanted;
        }
        declared = wanted;
    }

    /** Asks the strategy about all heads before it changes anything: it may throw. */
    private void widen(AttentionStrategy.Request now, int length) {
        AttentionStrategy.Request before = new AttentionStrategy.Request(widest);
        int[] windows = new int[outside.length];
        boolean[] grow = new boolean[outside.length];
        for (int i = 0; i < windows.length; i++) {
            int layer = i / heads.kvHeads();
            int head = i % heads.kvHeads();
            windows[i] = strategy.window(layer, head, before);
            grow[i] = windows[i] < strategy.window(layer, head, now) && length > windows[i];
        }
        for (int i = 0; i < windows.length; i++) {
            if (grow[i]) {
                begin(i, length - windows[i], length);
            }
        }
    }

    /**
     * Restored rows are held exactly from {@code from} on: if that is not the whole window, it was
     * smaller when they passed.
     *
     * @return whether even the smallest window is held
     */
    boolean restore(int layer, int kvHead, int from, int length) {
        if (from > Math.max(0, length - strategy.window(layer, kvHead, request()))) {
            begin(index(layer, kvHead), from, length);
        }
        AttentionStrategy.Request least = new AttentionStrategy.Request(0);
        return from <= Math.max(0, length - strategy.window(layer, kvHead, least));
    }

    private void begin(int i, int from, int length) {
        outside[i] = Math.max(outside[i], from);
        widenedAt = length;
    }

    void truncate(int length) {
        declared = Math.min(declared, length);
        if (length == 0) {
            widest = 0;
            widenedAt = 0;
            Arrays.fill(outside, 0);
        }
    }

    private int index(int layer, int kvHead) {
        return layer * heads.kvHeads() + kvHead;
    }
}
