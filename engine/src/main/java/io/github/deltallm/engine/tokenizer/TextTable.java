package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/**
 * Distinct byte strings numbered from 0 in the order they came, found by content.
 *
 * <p>One pool holds all bytes and one open-addressing table the numbers, so that a vocabulary of
 * 128 k tokens is four arrays. Filled while a vocabulary loads and only read from then on.
 */
final class TextTable {
    static final int ABSENT = -1;

    private byte[] pool;
    private int[] starts;
    private int[] slots;
    private int size;
    private int longest;

    TextTable(int expected) {
        pool = new byte[Math.max(64, 8 * expected)];
        starts = new int[expected + 1];
        slots = emptySlots(Integer.highestOneBit(Math.max(8, expected)) * 4);
    }

    int size() {
        return size;
    }

    /** Where text {@code id} starts in {@link #pool}; it ends where the next one starts. */
    int start(int id) {
        return starts[id];
    }

    int end(int id) {
        return starts[id + 1];
    }

    byte[] pool() {
        return pool;
    }

    /** The number of these bytes, or {@link #ABSENT}. */
    int find(byte[] bytes, int from, int to) {
        if (to - from > longest) {
            return ABSENT;
        }
        return slots[slotOf(bytes, from, to)];
    }

    int find(String text) {
        Utf8Buffer utf8 = new Utf8Buffer();
        utf8.append(text);
        return find(utf8.bytes(), 0, utf8.size());
    }

    /** The number of these bytes, a new one if they are new. */
    int intern(byte[] bytes, int from, int to) {
        int slot = slotOf(bytes, from, to);
        if (slots[slot] != ABSENT) {
            return slots[slot];
        }
        store(bytes, from, to - from);
        int id = size++;
        slots[slot] = id;
        if (size > slots.length / 4 * 3) {
            grow();
        }
        return id;
    }

    private void store(byte[] bytes, int from, int length) {
        int at = starts[size];
        if (pool.length - at < length) {
            pool = Arrays.copyOf(pool, Math.addExact(at, Math.addExact(length, at / 2)));
        }
        System.arraycopy(bytes, from, pool, at, length);
        if (size + 1 == starts.length) {
            starts = Arrays.copyOf(starts, size + 2 + size / 2);
        }
        starts[size + 1] = at + length;
        longest = Math.max(longest, length);
    }

    private int slotOf(byte[] bytes, int from, int to) {
        int mask = slots.length - 1;
        int slot = hash(bytes, from, to) & mask;
        while (slots[slot] != ABSENT && !holds(slots[slot], bytes, from, to)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private boolean holds(int id, byte[] bytes, int from, int to) {
        return Arrays.equals(pool, starts[id], starts[id + 1], bytes, from, to);
    }

    private void grow() {
        slots = emptySlots(slots.length * 2);
        int mask = slots.length - 1;
        for (int id = 0; id < size; id++) {
            int slot = hash(pool, starts[id], starts[id + 1]) & mask;
            while (slots[slot] != ABSENT) {
                slot = slot + 1 & mask;
            }
            slots[slot] = id;
        }
    }

    private static int[] emptySlots(int count) {
        int[] empty = new int[count];
        Arrays.fill(empty, ABSENT);
        return empty;
    }

    private static int hash(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = (hash + bytes[i]) * 0x2C9277B5;
            hash ^= hash >>> 15;
        }
        return (hash * 0x2C9277B5) >>> 7;
    }
}
