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
        /** A row and a block that it sees. */
        BLOCK,
        /** A row and a reference that it sees. */
        REFERENCE
    }

    private record Threads(Per per, long count) {}

    /** The segment's first row in the table of operations. */
    final int base;

    private final List<TaskSpec> tasks = new ArrayList<>();
    private final List<Threads> threads = new ArrayList<>();

    /** The layer whose keys and values its last task appends; -1 for none. */
    private int appended = -1;

    private int encoded = -1;

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

    /** The layer whose keys and values its first tasks encode; -1 for none. */
    int encoded() {
        return encoded;
    }

    /** Threads of each task for a step. */
    long[] threads(int rows, int spans, int blocks) {
        long[] all = new long[threads.size()];
        for (int i = 0; i < all.length; i++) {
            Threads one = threads.get(i);
            all[i] =
                    one.count()
                            * switch (one.per()) {
                                case ROW -> rows;
                                case TILE -> (rows + WeightKernels.TILE - 1) / WeightKernels.TILE;
                                case SPAN -> spans;
                                case BLOCK -> (long) rows * blocks;
                                case REFERENCE ->
                                        (long) rows * Math.ceilDiv(blocks, Places.ANCHORED);
                            };
        }
        return all;
    }
}
