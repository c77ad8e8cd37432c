package io.github.deltallm.engine.template;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Puts texts together: replace, join, indent, pad, repeat. */
final class TextLayout {
    private TextLayout() {}

    /** At most {@code limit} replacements from the left; a negative limit is none. */
    static Text replace(Text text, Text old, Text replacement, long limit, Rendering rendering) {
        TextBuilder out = rendering.builder();
        int copied = 0;
        long done = 0;
        int found = Search.first(text.chars(), old.chars(), 0);
        while (found >= 0 && done != limit) {
            out.append(text, copied, found).append(replacement);
            done++;
            copied = found + old.length();
            if (old.isEmpty()) { // matches before every character and at the end
                if (found == text.length()) {
                    break;
                }
                int next = found + Character.charCount(text.chars().codePointAt(found));
                out.append(text, found, next);
                copied = next;
            }
            found = copied > text.length() ? -1 : Search.first(text.chars(), old.chars(), copied);
        }
        return out.append(text, copied, text.length()).build();
    }

    static Text join(Text separator, List<Text> parts, Rendering rendering) {
        TextBuilder out = rendering.builder();
        for (Iterator<Text> rest = parts.iterator(); rest.hasNext(); ) {
            out.append(rest.next());
            if (rest.hasNext()) {
                out.append(separator);
            }
        }
        return out.build();
    }

    static Text repeat(Text text, long times, Rendering rendering) {
        if (times <= 0 || text.isEmpty()) {
            return Text.EMPTY;
        }
        TextBuilder out = rendering.builder();
        rendering.budget().text(times); // first, so that the product cannot overflow
        rendering.budget().text(times * text.length());
        if (text.isUniform()) {
            return out.append(text.chars().repeat((int) times), text.trustedAt(0)).build();
        }
        for (long i = 0; i < times; i++) {
            out.append(text);
        }
        return out.build();
    }

    /** Indents every line but the first and the blank ones, unless told otherwise. */
    static Text indent(
            Text text, Text indentation, boolean first, boolean blank, Rendering rendering) {
        TextBuilder out = rendering.builder();
        if (first) {
            out.append(indentation);
        }
        // The added newline keeps a last empty line, which Python's splitlines would drop.
        Text ended = rendering.builder().append(text).append("\n", false).build();
        List<Text> lines = TextSplit.lines(ended, false);
        for (int i = 0; i < lines.size(); i++) {
            if (i > 0) {
                out.made("\n");
                if (blank || !lines.get(i).isEmpty()) {
                    out.append(indentation);
                }
            }
            out.append(lines.get(i));
        }
        return out.build();
    }

    enum Side {
        LEFT,
        RIGHT,
        BOTH
    }

    /** Fills up to a width in code points on the given side. */
    static Text pad(Text text, long width, Text fill, Side side, Rendering rendering) {
        int length = text.codePoints();
        if (width <= length) {
            return text;
        }
        rendering.budget().text(width);
        long missing = width - length;
        long left =
                switch (side) {
                    case LEFT -> missing;
                    case RIGHT -> 0;
                    case BOTH -> missing / 2 + (missing & width & 1);
                };
        return rendering
                .builder()
                .append(repeat(fill, left, rendering))
                .append(text)
                .append(repeat(fill, missing - left, rendering))
                .build();
    }

    /** The fill character of a method that takes one. */
    static Text fill(Optional<Text> fill) {
        Text character = fill.orElse(Text.untrusted(" "));
        if (character.codePoints() != 1) {
            throw Fault.failed("the fill character has to be one character");
        }
        return character;
    }
}
