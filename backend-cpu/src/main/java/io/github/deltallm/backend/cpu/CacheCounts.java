package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What attention computed for one sequence, by layer and stage. A run's counts become part of the
 * sums when the run has succeeded.
 */
final class CacheCounts {
    private static final int FIELDS = 9;

    private final long[] sums;
    private final AtomicLongArray running;

    // What is counted, in the order of AttentionCounts.
    static final int KEY_ELEMENTS = 0;
    static final int KEY_UNCHANGED = 1;
    static final int KEY_MACS = 2;
    static final int KEY_COST = 3;
    static final int VALUE_ELEMENTS = 4;
    static final int VALUE_UNCHANGED = 5;
    static final int VALUE_MACS = 6;
    static final int VALUE_COST = 7;
    private static final int EXECUTED = 8;

    CacheCounts(int layers) {
        sums = new long[2 * layers * FIELDS];
        running = new AtomicLongArray(sums.length);
    }

    CacheCounts(CacheCounts other) {
        sums = other.sums.clone();
        running = new AtomicLongArray(sums.length);
    }

    private static int index(int layer, Stage stage) {
        return (2 * layer + (stage == Stage.PREFILL ? 0 : 1)) * FIELDS;
    }

    /** Adds to a run's counts; from any thread. */
    void add(int layer, Stage stage, int field, long count) {
        running.getAndAdd(index(layer, stage) + field, count);
    }

    /** Adds what a kernel multiplied; from any thread, during a run. */
    void execute(int layer, Stage stage, long macs) {
        add(layer, stage, EXECUTED, macs);
    }

    void commit() {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += running.getAndSet(i, 0);
        }
    }

    void rollback() {
        for (int i = 0; i < sums.length; i++) {
            running.set(i, 0);
        }
    }

    AttentionCounts of(int layer, Stage stage) {
        int i = index(layer, stage);
        return new AttentionCounts(
                sums[i],
                sums[i + 1],
                sums[i + 2],
                sums[i + 3],
                sums[i + 4],
                sums[i + 5],
                sums[i + 6],
                sums[i + 7],
                sums[i + 8]);
    }
}
