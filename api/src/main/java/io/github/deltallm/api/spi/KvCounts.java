package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.spi.KvCache.Stage;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * For backends: the {@link AttentionCounts} of one sequence as they grow, by layer and stage. What
 * a run counts becomes part of the sums when it is committed. Threads may add at the same time;
 * adding allocates nothing.
 */
public final class KvCounts {
    /** What is counted of keys, and of values; see {@link AttentionCounts}. */
    public enum Field {
        /** Elements of the delta matrices. */
        ELEMENTS(0),
        /** Those of them that are unchanged. */
        UNCHANGED(1),
        /** What dense attention multiplies. */
        MACS(2),
        /** What the strategy needs. */
        COST(3);

        private final int index;

        Field(int index) {
            this.index = index;
        }
    }

    private static final int KIND = Field.values().length;
    private static final int EXECUTED = 2 * KIND;
    private static final int FIELDS = EXECUTED + 1;

    private final HeadShape shape;
    private final long[] sums;
    private final AtomicLongArray running;

    public KvCounts(HeadShape shape) {
        this.shape = shape;
        sums = new long[2 * shape.layers() * FIELDS];
        running = new AtomicLongArray(sums.length);
    }

    private KvCounts(KvCounts other) {
        shape = other.shape;
        sums = other.sums.clone();
        running = new AtomicLongArray(sums.length);
    }

    /** An independent copy, outside of any run. */
    public KvCounts copy() {
        return new KvCounts(this);
    }

    private static int index(int layer, Stage stage) {
        return (2 * layer + (stage == Stage.PREFILL ? 0 : 1)) * FIELDS;
    }

    /** Adds to a run's counts. */
    public void add(int layer, Stage stage, KvStream.Kind kind, Field field, long count) {
        int at = index(layer, stage) + (kind == KvStream.Kind.KEYS ? 0 : KIND);
        running.getAndAdd(at + field.index, count);
    }

    /** Adds encoded rows with so many elements, of which some are transmitted. */
    public void encoded(
            int layer, Stage stage, KvStream.Kind kind, long elements, long transmitted) {
        add(layer, stage, kind, Field.ELEMENTS, elements);
        add(layer, stage, kind, Field.UNCHANGED, elements - transmitted);
    }

    /** Adds multiply-accumulates that a kernel executes. */
    public void execute(int layer, Stage stage, long macs) {
        running.getAndAdd(index(layer, stage) + EXECUTED, macs);
    }

    /** Makes a run's counts part of the sums. */
    public void commit() {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += running.getAndSet(i, 0);
        }
    }

    /** Forgets a run's counts. */
    public void rollback() {
        for (int i = 0; i < sums.length; i++) {
            running.set(i, 0);
        }
    }

    /**
     * The sums up to now.
     *
     * @throws IllegalArgumentException if there is no such layer
     */
    public AttentionCounts of(int layer, Stage stage) {
        if (layer < 0 || layer >= shape.layers()) {
            throw new IllegalArgumentException("there is no layer " + layer + " in " + shape);
        }
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
