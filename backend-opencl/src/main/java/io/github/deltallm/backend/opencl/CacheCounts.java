package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.Arrays;

/**
 * What attention computed for one sequence, by layer and stage. A run's counts become part of the
 * sums when the run has succeeded.
 */
final class CacheCounts {
    private static final int FIELDS = 9;

    // What is counted of keys, in the order of AttentionCounts; the same of values behind it.
    static final int ELEMENTS = 0;
    static final int UNCHANGED = 1;
    static final int MACS = 2;
    static final int COST = 3;

    private static final int KINDS = 4;
    private static final int EXECUTED = 8;

    private final long[] sums;
    private final long[] running;

    CacheCounts(int layers) {
        sums = new long[2 * layers * FIELDS];
        running = new long[sums.length];
    }

    CacheCounts(CacheCounts other) {
        sums = other.sums.clone();
        running = new long[sums.length];
    }

    private static int index(int layer, Stage stage) {
        return (2 * layer + (stage == Stage.PREFILL ? 0 : 1)) * FIELDS;
    }

    /** Adds to a run's counts. */
    void add(int layer, Stage stage, boolean keys, int field, long count) {
        running[index(layer, stage) + (keys ? 0 : KINDS) + field] += count;
    }

    /** Adds multiply-accumulates that a kernel executes in a run. */
    void execute(int layer, Stage stage, long macs) {
        running[index(layer, stage) + EXECUTED] += macs;
    }

    void commit() {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += running[i];
        }
        rollback();
    }

    void rollback() {
        Arrays.fill(running, 0);
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
