package io.github.deltallm.engine.template;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * A string that knows of every character whether it may be trusted.
 *
 * <p>New texts come from old ones only by {@link #slice} and by {@link TextBuilder}, which both
 * carry the trust along; every method and filter is written in terms of these two. Indexes are in
 * UTF-16 units, as in Java; what a template counts are code points.
 */
final class Text implements Value {
    static final Text EMPTY = new Text("", new int[0]);
    private static final int[] TRUSTED = {0};

    private final String chars;

    /**
     * Ascending positions below the length at which trust changes; before the first one, text is
     * not trusted.
     */
    private final int[] flips;

    Text(String chars, int[] flips) {
        this.chars = chars;
        this.flips = flips;
    }

    static Text of(String chars, boolean trusted) {
        return chars.isEmpty() ? EMPTY : new Text(chars, trusted ? TRUSTED : EMPTY.flips);
    }

    static Text trusted(String chars) {
        return of(chars, true);
    }

    static Text untrusted(String chars) {
        return of(chars, false);
    }

    String chars() {
        return chars;
    }

    /** In UTF-16 units. */
    int length() {
        return chars.length();
    }

    boolean isEmpty() {
        return chars.isEmpty();
    }

    /** The length a template sees. */
    int codePoints() {
        return chars.codePointCount(0, chars.length());
    }

    /** The UTF-16 index of a code point, which must exist or be one past the end. */
    int offset(int codePoint) {
        return chars.offsetByCodePoints(0, codePoint);
    }

    /** Whether all of it has one origin. */
    boolean isUniform() {
        return flips.length == 0 || (flips.length == 1 && flips[0] == 0);
    }

    boolean trustedAt(int index) {
        return flipsThrough(index) % 2 == 1;
    }

    /** How often trust changes up to this position, which is also the index of the next change. */
    private int flipsThrough(int index) {
        int found = Arrays.binarySearch(flips, index);
        return found >= 0 ? found + 1 : -found - 1;
    }

    Text slice(int from, int to) {
        if (from >= to) {
            return EMPTY;
        }
        if (from == 0 && to == chars.length()) {
            return this;
        }
        int first = flipsThrough(from);
        int end = flipsThrough(to - 1);
        int lead = first % 2; // a slice that begins trusted needs a change at its start
        int[] kept = new int[lead + end - first];
        for (int i = first; i < end; i++) {
            kept[lead + i - first] = flips[i] - from;
        }
        return new Text(chars.substring(from, to), kept);
    }

    /** Tells the positions inside a range, its start left out, at which trust changes. */
    void eachFlip(int from, int to, IntConsumer consumer) {
        int end = flipsThrough(to - 1);
        for (int i = flipsThrough(from); i < end; i++) {
            consumer.accept(flips[i]);
        }
    }

    Text from(int index) {
        return slice(index, chars.length());
    }

    List<Segment> segments() {
        List<Segment> segments = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= flips.length; i++) {
            int end = i < flips.length ? flips[i] : chars.length();
            if (end > start) {
                segments.add(new Segment(chars.substring(start, end), i % 2 == 1));
            }
            start = end;
        }
        return List.copyOf(segments);
    }

    @Override
    public boolean truth() {
        return !isEmpty();
    }

    @Override
    public String type() {
        return "str";
    }

    /** Texts are equal when their characters are: a template compares words, whoever wrote them. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Text text && chars.equals(text.chars);
    }

    @Override
    public int hashCode() {
        return chars.hashCode();
    }

    @Override
    public String toString() {
        return chars;
    }
}
