package io.github.deltallm.backend.tornado;

import io.github.deltallm.backend.tornado.TaskSpec.Kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive operations that run as one task graph; it ends where keys and values of a layer have
 * been appended, so that layers with the same operations share a graph.
 */
final class Segment {
    /** What the threads of a task are counted by. */
    enum Per {
        ROW,
        /** {@link WeightKernels#TILE} rows. */
        TILE,
        SPAN,
        /** A row and a head. */
        QUERY,
        /** A query and a block that it sees. */
        BLOCK,
        /** A query and a reference that it sees. */
        REFERENCE
    }

    /**
     * How much a graph has to do.
     *
     * @param blocks that a query of the step sees, at most
     * @param queries whose attention it computes
     */
    record Work(int rows, int spans, int blocks, int queries) {
        /** The attention of some queries only. */
        Work of(int some) {
            return new Work(rows, spans, blocks, some);
        }
    }

    private record Threads(Per per, long count) {}

    /** The segment's first row in the table of operations. */
    final int base;

    private final List<TaskSpec> tasks = new ArrayList<>();
    private final List<Threads> threads = new ArrayList<>();

    /** The layer whose keys and values its last task appends; -1 for none. */
    private int appended = -1;

    private int encoded = -1;
    private int attention;

    Segment(int base) {
        this.base = base;
    }

    /** Adds a task of operation {@code op}, counted from the segment's first. */
    void add(Kernel kernel, int op, int constant, int slab, Per per, long count) {
        tasks.add(new TaskSpec(kernel, op, constant, slab));
        threads.add(new Threads(per, count));
    }

    void appends(int layer) {
        appended = layer;
    }

    int appended() {
        return appended;
    }

    List<TaskSpec> tasks() {
        return tasks;
    }

    void encodes(int layer) {
        encoded = layer;
    }

    /** The tasks so far compute a layer's attention, of some queries or of all. */
    void attends() {
        attention = tasks.size();
    }

    /** Those tasks; none if it computes no attention. */
    List<TaskSpec> attention() {
        return tasks.subList(0, attention);
    }

    /** The layer whose keys and values its first tasks encode; -1 for none. */
    int encoded() {
        return encoded;
    }

    /** Threads of each task. */
    long[] threads(Work work) {
        long[] all = new long[threads.size()];
        for (int i = 0; i < all.length; i++) {
            Threads one = threads.get(i);
            all[i] =
                    one.count()
                            * switch (one.per()) {
                                case ROW -> work.rows();
                                case TILE -> Math.ceilDiv(work.rows(), WeightKernels.TILE);
                                case SPAN -> work.spans();
                                case QUERY -> work.queries();
                                case BLOCK -> (long) work.queries() * work.blocks();
                                case REFERENCE ->
                                        (long) work.queries()
                                                * Math.ceilDiv(work.blocks(), Places.ANCHORED);
                            };
        }
        return all;
    }
}
