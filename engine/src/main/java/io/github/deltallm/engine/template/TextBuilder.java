package io.github.deltallm.engine.template;

import java.util.Arrays;

/**
 * Puts texts together and keeps the trust of every character; pays for each of them from the
 * budget.
 */
final class TextBuilder {
    private final Budget budget;
    private final StringBuilder chars = new StringBuilder();
    private int[] flips = new int[4];
    private int count;

    TextBuilder(Budget budget) {
        this.budget = budget;
    }

    TextBuilder append(Text text) {
        return append(text, 0, text.length());
    }

    TextBuilder append(Text text, int from, int to) {
        if (from >= to) {
            return this;
        }
        int start = grow(to - from);
        chars.append(text.chars(), from, to);
        trust(start, text.trustedAt(from));
        text.eachFlip(from, to, flip -> flip(start + flip - from));
        return this;
    }

    TextBuilder append(String text, boolean trusted) {
        if (!text.isEmpty()) {
            int start = grow(text.length());
            chars.append(text);
            trust(start, trusted);
        }
        return this;
    }

    /** Appends what the interpreter made up itself, which is never trusted. */
    TextBuilder made(String text) {
        return append(text, false);
    }

    TextBuilder append(int codePoint, boolean trusted) {
        return append(Character.toString(codePoint), trusted);
    }

    int length() {
        return chars.length();
    }

    Text build() {
        return chars.isEmpty()
                ? Text.EMPTY
                : new Text(chars.toString(), Arrays.copyOf(flips, count));
    }

    private int grow(int added) {
        budget.characters(added);
        budget.text((long) chars.length() + added);
        return chars.length();
    }

    private void trust(int start, boolean trusted) {
        boolean before = count % 2 == 1;
        if (trusted != before) {
            flip(start);
        }
    }

    private void flip(int position) {
        if (count == flips.length) {
            flips = Arrays.copyOf(flips, count * 2);
        }
        flips[count++] = position;
    }
}
