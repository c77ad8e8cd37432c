package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/** What one call of {@code encode} has produced so far, and what it cost. */
final class Encoding {
    private int[] ids = new int[32];
    private int size;
    private long queueOperations;

    void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
        }
        ids[size++] = id;
    }

    int[] toArray() {
        return Arrays.copyOf(ids, size);
    }

    void countQueueOperations(long more) {
        queueOperations += more;
    }

    /** Insertions into and removals from the queues of merges: the work beyond one pass. */
    long queueOperations() {
        return queueOperations;
    }
}
