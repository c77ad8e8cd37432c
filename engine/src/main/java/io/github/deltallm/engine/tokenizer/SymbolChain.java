package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/**
 * Neighbouring symbols that are merged pair by pair, best pair first and leftmost first among
 * equals: the loop that BPE and SentencePiece share.
 *
 * <p>Symbols are linked, and a queue holds a key for every pair that may be merged: its priority in
 * the upper half (smaller is better), its left symbol in the lower. A pair that changed is not
 * searched for in the queue; its key is found stale when it comes up. Each symbol enters the queue
 * at most three times, so n symbols cost O(n log n).
 */
abstract sealed class SymbolChain permits BytePairModel.Chain, SentencePieceModel.Chain {
    /** The priority of a pair that is not to be merged. */
    static final int NEVER = Integer.MAX_VALUE;

    /** The bytes that all symbols are parts of. */
    protected final Utf8Buffer text = new Utf8Buffer();

    private int[] from = new int[16];
    private int[] to = new int[16];
    private int[] previous = new int[16];
    private int[] next = new int[16];

    /** By left symbol: the priority of its pair as it is now. */
    private int[] priority = new int[16];

    private int count;
    private long[] heap = new long[16];
    private int heapSize;
    private long queueOperations;

    /** The priority of this pair, or {@link #NEVER}. */
    abstract int pairPriority(int left, int right);

    /** A symbol has swallowed its right neighbour. */
    abstract void merged(int symbol);

    void clear() {
        text.clear();
        count = 0;
    }

    /** Adds a symbol of the bytes of {@link #text} from {@code start} to its end; its number. */
    int addSymbol(int start) {
        if (count == from.length) {
            growSymbols();
        }
        from[count] = start;
        to[count] = text.size();
        previous[count] = count - 1;
        next[count] = -1;
        priority[count] = NEVER;
        if (count > 0) {
            next[count - 1] = count;
        }
        return count++;
    }

    int count() {
        return count;
    }

    /** The symbol after this one, or -1. */
    int next(int symbol) {
        return next[symbol];
    }

    int from(int symbol) {
        return from[symbol];
    }

    int to(int symbol) {
        return to[symbol];
    }

    /** Insertions and removals since this chain was made. */
    long queueOperations() {
        return queueOperations;
    }

    /** Merges until no pair is left that may be merged; the first symbol stays number 0. */
    void mergeAll() {
        for (int left = 0; left < count - 1; left++) {
            propose(left);
        }
        while (heapSize > 0) {
            long key = pop();
            int left = (int) key;
            if (priority[left] != (int) (key >> 32)) {
                continue;
            }
            int right = next[left];
            to[left] = to[right];
            priority[right] = NEVER;
            next[left] = next[right];
            if (next[left] >= 0) {
                previous[next[left]] = left;
            }
            merged(left);
            if (previous[left] >= 0) {
                propose(previous[left]);
            }
            propose(left);
        }
    }

    private void propose(int left) {
        int right = next[left];
        priority[left] = right < 0 ? NEVER : pairPriority(left, right);
        if (priority[left] != NEVER) {
            push((long) priority[left] << 32 | left);
        }
    }

    private void push(long key) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, 2 * heapSize);
        }
        queueOperations++;
        int at = heapSize++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (heap[parent] <= key) {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = key;
    }

    private long pop() {
        queueOperations++;
        long least = heap[0];
        long last = heap[--heapSize];
        int at = 0;
        for (int child = 1; child < heapSize; child = 2 * at + 1) {
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = last;
        return least;
    }

    private void growSymbols() {
        int capacity = 2 * count;
        from = Arrays.copyOf(from, capacity);
        to = Arrays.copyOf(to, capacity);
        previous = Arrays.copyOf(previous, capacity);
        next = Arrays.copyOf(next, capacity);
        priority = Arrays.copyOf(priority, capacity);
    }
}
