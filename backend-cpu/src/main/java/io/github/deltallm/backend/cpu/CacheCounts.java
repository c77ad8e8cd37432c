package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What attention computed for one sequence, by layer and stage. A run's counts become part of the
 * sums when the run has succeeded.
 */
final class CacheCounts {
    private final int headDim;
    private final long[] pairs;
    private final long[] seen;
    private final long[] executed;
    private final AtomicLongArray running;

    CacheCounts(int layers, int headDim) {
        this.headDim = headDim;
        pairs = new long[2 * layers];
        seen = new long[2 * layers];
        executed = new long[2 * layers];
        running = new AtomicLongArray(2 * layers);
    }

    CacheCounts(CacheCounts other) {
        headDim = other.headDim;
        pairs = other.pairs.clone();
        seen = other.seen.clone();
        executed = other.executed.clone();
        running = new AtomicLongArray(executed.length);
    }

    private static int index(int layer, Stage stage) {
        return 2 * layer + (stage == Stage.PREFILL ? 0 : 1);
    }

    /** Adds what a kernel multiplied; from any thread, during a run. */
    void execute(int layer, Stage stage, long macs) {
        running.getAndAdd(index(layer, stage), macs);
    }

    /** Adds (query, key) pairs of a query head: all causal ones, and those it sees. */
    void add(int layer, Stage stage, long causal, long visible) {
        pairs[index(layer, stage)] += causal;
        seen[index(layer, stage)] += visible;
    }

    void commit() {
        for (int i = 0; i < executed.length; i++) {
            executed[i] += running.getAndSet(i, 0);
        }
    }

    void rollback() {
        for (int i = 0; i < executed.length; i++) {
            running.set(i, 0);
        }
    }

    AttentionCounts of(int layer, Stage stage) {
        int i = index(layer, stage);
        long macs = pairs[i] * headDim;
        long cost = seen[i] * headDim;
        return new AttentionCounts(0, 0, macs, cost, 0, 0, macs, cost, executed[i]);
    }
}
