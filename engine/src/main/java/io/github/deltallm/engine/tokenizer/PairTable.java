package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/**
 * From a pair of numbers to a number, both at least 0; open addressing in two arrays. Filled while
 * a vocabulary loads and only read from then on.
 */
final class PairTable {
    static final int ABSENT = -1;

    private long[] pairs;
    private int[] values;
    private int size;

    PairTable(int expected) {
        int capacity = Integer.highestOneBit(Math.max(8, expected)) * 2;
        pairs = emptyPairs(capacity);
        values = new int[capacity];
    }

    int get(int first, int second) {
        int slot = slotOf((long) first << 32 | second);
        return pairs[slot] < 0 ? ABSENT : values[slot];
    }

    /** Keeps the value that a pair already has. */
    void putIfAbsent(int first, int second, int value) {
        long pair = (long) first << 32 | second;
        int slot = slotOf(pair);
        if (pairs[slot] >= 0) {
            return;
        }
        pairs[slot] = pair;
        values[slot] = value;
        if (++size > pairs.length / 4 * 3) {
            grow();
        }
    }

    private int slotOf(long pair) {
        int mask = pairs.length - 1;
        int slot = (int) ((pair * 0x9E3779B97F4A7C15L) >>> 32) & mask;
        while (pairs[slot] >= 0 && pairs[slot] != pair) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldPairs = pairs;
        int[] oldValues = values;
        pairs = emptyPairs(oldPairs.length * 2);
        values = new int[pairs.length];
        for (int i = 0; i < oldPairs.length; i++) {
            if (oldPairs[i] >= 0) {
                int slot = slotOf(oldPairs[i]);
                pairs[slot] = oldPairs[i];
                values[slot] = oldValues[i];
            }
        }
    }

    private static long[] emptyPairs(int capacity) {
        long[] empty = new long[capacity];
        Arrays.fill(empty, -1);
        return empty;
    }
}
