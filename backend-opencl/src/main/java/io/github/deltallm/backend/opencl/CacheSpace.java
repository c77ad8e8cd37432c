package io.github.deltallm.backend.opencl;

import java.util.Map;
import java.util.TreeMap;

/** Which words of a buffer are taken: the lowest place that fits is given out first. */
final class CacheSpace {
    /** Sizes are multiples of so many words: 64 bytes, so that vectors do not cross lines. */
    static final int GRANULE = 16;

    /** Place and size of what is free; no two of them touch. */
    private final TreeMap<Integer, Integer> free = new TreeMap<>();

    private int words;
    private int freeWords;

    /** Number of words with their granule's rest. */
    static int rounded(int words) {
        return Math.multiplyExact(Math.ceilDiv(words, GRANULE), GRANULE);
    }

    /** All words. */
    int words() {
        return words;
    }

    /** Words that nobody has taken. */
    int freeWords() {
        return freeWords;
    }

    /** Words at the end that nobody has taken. */
    int freeAtEnd() {
        Map.Entry<Integer, Integer> last = free.lastEntry();
        return last != null && last.getKey() + last.getValue() == words ? last.getValue() : 0;
    }

    /** Takes {@code size} words, a multiple of the granule; returns their place, or -1. */
    int take(int size) {
        Map.Entry<Integer, Integer> gap = free.firstEntry();
        while (gap != null) {
            int place = gap.getKey();
            int left = gap.getValue() - size;
            if (left >= 0) {
                free.remove(place);
                if (left > 0) {
                    free.put(place + size, left);
                }
                freeWords -= size;
                return place;
            }
            gap = free.higherEntry(place);
        }
        return -1;
    }

    /** Gives back what was taken. */
    void give(int place, int size) {
        int from = place;
        int end = place + size;
        Map.Entry<Integer, Integer> before = free.floorEntry(place);
        if (before != null && before.getKey() + before.getValue() == place) {
            from = before.getKey();
        }
        Integer after = free.remove(end);
        if (after != null) {
            end += after;
        }
        free.put(from, end - from);
        freeWords += size;
    }

    /** Has no words any more. */
    void clear() {
        free.clear();
        words = 0;
        freeWords = 0;
    }

    /** Adds words at the end. */
    void grow(int to) {
        int from = words;
        words = to;
        give(from, to - from);
    }
}
