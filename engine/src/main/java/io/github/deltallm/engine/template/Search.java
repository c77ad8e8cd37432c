package io.github.deltallm.engine.template;

/**
 * Finds a string in a string in linear time. Java's own search may compare every character of the
 * one with every character of the other, which a hostile template could make last for hours.
 */
final class Search {
    /**
     * Up to this length the quadratic search is as good as linear, and much faster than the other
     * one.
     */
    private static final int SHORT = 16;

    private final String text;
    private final String wanted;
    private final boolean backwards;

    private Search(String text, String wanted, boolean backwards) {
        this.text = text;
        this.wanted = wanted;
        this.backwards = backwards;
    }

    /** Where the first one begins that begins at a position or later; negative if there is none. */
    static int first(String text, String wanted, int from) {
        return wanted.length() <= SHORT
                ? text.indexOf(wanted, from)
                : new Search(text, wanted, false).end(from) - wanted.length();
    }

    /** Where the last one begins that ends at a position or earlier; negative if there is none. */
    static int last(String text, String wanted, int to) {
        return wanted.length() <= SHORT
                ? text.lastIndexOf(wanted, to - wanted.length())
                : text.length() - new Search(text, wanted, true).end(text.length() - to);
    }

    /**
     * Where the next one ends in the direction of the search, as Knuth, Morris and Pratt find it.
     * If there is none, the result makes both callers negative.
     */
    private int end(int from) {
        int[] borders = borders();
        int matched = 0;
        for (int i = from; i < text.length(); i++) {
            matched = extended(matched, at(text, i), borders);
            if (matched == wanted.length()) {
                return i + 1;
            }
        }
        return backwards ? text.length() + 1 : -1;
    }

    /**
     * For every prefix of what is wanted, the length of the longest proper prefix of it that also
     * ends it.
     */
    private int[] borders() {
        int[] borders = new int[wanted.length()];
        for (int i = 1; i < wanted.length(); i++) {
            borders[i] = extended(borders[i - 1], at(wanted, i), borders);
        }
        return borders;
    }

    /** How much matches after one more character. */
    private int extended(int matched, char next, int[] borders) {
        int length = matched;
        while (length > 0 && at(wanted, length) != next) {
            length = borders[length - 1];
        }
        return at(wanted, length) == next ? length + 1 : length;
    }

    private char at(String string, int index) {
        return string.charAt(backwards ? string.length() - 1 - index : index);
    }
}
