package io.github.deltallm.backend.tornado;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which elements of one of the device's arrays are taken; all begins and ends are multiples of
 * {@link #GRAIN}.
 */
final class Heap {
    /** Elements that are taken together. */
    static final int GRAIN = 16;

    /** A run of elements. */
    record Range(int from, int count) {}

    private final TreeMap<Integer, Integer> free = new TreeMap<>();
    private int size;
    private long left;

    static int rounded(int count) {
        return Math.addExact(count, GRAIN - 1) / GRAIN * GRAIN;
    }

    int size() {
        return size;
    }

    /** Elements that nobody has taken. */
    long left() {
        return left;
    }

    /** The array has become larger. */
    void grow(int more) {
        int from = size / GRAIN * GRAIN;
        int end = more / GRAIN * GRAIN;
        size = more;
        if (end > from) {
            release(from, end - from);
        }
    }

    /** Takes elements that follow each other; -1 if there are none. */
    int take(int count) {
        int wanted = rounded(count);
        Range run = firstOf(wanted);
        if (run == null) {
            return -1;
        }
        free.remove(run.from());
        if (run.count() > wanted) {
            free.put(run.from() + wanted, run.count() - wanted);
        }
        left -= wanted;
        return run.from();
    }

    private @Nullable Range firstOf(int wanted) {
        for (Map.Entry<Integer, Integer> run : free.entrySet()) {
            if (run.getValue() >= wanted) {
                return new Range(run.getKey(), run.getValue());
            }
        }
        return null;
    }

    void release(int at, int count) {
        int from = at;
        int length = rounded(count);
        left += length;
        Map.Entry<Integer, Integer> before = free.lowerEntry(from);
        if (before != null && before.getKey() + before.getValue() == from) {
            from = before.getKey();
            length += before.getValue();
        }
        Integer after = free.remove(from + length);
        if (after != null) {
            length += after;
        }
        free.put(from, length);
    }

    /** What is taken, in order. */
    List<Range> taken() {
        List<Range> ranges = new ArrayList<>();
        int from = 0;
        for (Map.Entry<Integer, Integer> run : free.entrySet()) {
            if (run.getKey() > from) {
                ranges.add(new Range(from, run.getKey() - from));
            }
            from = run.getKey() + run.getValue();
        }
        if (size / GRAIN * GRAIN > from) {
            ranges.add(new Range(from, size / GRAIN * GRAIN - from));
        }
        return ranges;
    }
}
