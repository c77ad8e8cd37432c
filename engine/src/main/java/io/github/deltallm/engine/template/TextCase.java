package io.github.deltallm.engine.template;

import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * Changes of case. A letter keeps its trust, also when it becomes several, as the German sharp s
 * does.
 */
final class TextCase {
    private TextCase() {}

    private interface CharacterMapping {
        /** What a code point becomes, given the one before it (or a space). */
        String map(int codePoint, int previous);
    }

    static Text upper(Text text, Rendering rendering) {
        return map(text, rendering, (c, previous) -> upper(c));
    }

    static Text lower(Text text, Rendering rendering) {
        Text mapped = map(text, rendering, (c, previous) -> lower(c));
        // Only the whole word tells which of its two lower cases a Greek sigma takes.
        String whole = text.chars().toLowerCase(Locale.ROOT);
        return whole.length() == mapped.length() ? mapped.withChars(whole) : mapped;
    }

    static Text capitalize(Text text, Rendering rendering) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offset(1);
        return rendering
                .builder()
                .append(map(text.slice(0, first), rendering, (c, previous) -> title(c)))
                .append(lower(text.from(first), rendering))
                .build();
    }

    /** The method {@code title}: a capital after everything that is no letter. */
    static Text title(Text text, Rendering rendering) {
        return map(text, rendering, (c, previous) -> isCased(previous) ? lower(c) : title(c));
    }

    /** The filter {@code title}: a capital after white space, hyphens and opening brackets only. */
    static Text titleWords(Text text, Rendering rendering) {
        return map(text, rendering, (c, previous) -> startsWord(previous) ? upper(c) : lower(c));
    }

    static Text swapcase(Text text, Rendering rendering) {
        return map(
                text, rendering, (c, previous) -> Character.isUpperCase(c) ? lower(c) : upper(c));
    }

    /** Whether there are letters with case, and all of them have this one. */
    static boolean all(Text text, IntPredicate wanted) {
        return text.chars().codePoints().anyMatch(TextCase::isCased)
                && text.chars().codePoints().filter(TextCase::isCased).allMatch(wanted);
    }

    private static Text map(Text text, Rendering rendering, CharacterMapping mapping) {
        TextBuilder out = rendering.builder();
        int previous = ' ';
        for (int i = 0; i < text.length(); ) {
            int c = text.chars().codePointAt(i);
            out.append(mapping.map(c, previous), text.trustedAt(i));
            previous = c;
            i += Character.charCount(c);
        }
        return out.build();
    }

    private static boolean startsWord(int previous) {
        return Whitespace.is(previous) || "-({[<".indexOf(previous) >= 0;
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    private static String upper(int c) {
        return Character.toString(c).toUpperCase(Locale.ROOT);
    }

    private static String lower(int c) {
        return Character.toString(c).toLowerCase(Locale.ROOT);
    }

    private static String title(int c) {
        String upper = upper(c);
        if (upper.codePointCount(0, upper.length()) > 1) {
            int first = upper.offsetByCodePoints(0, 1);
            return upper.substring(0, first) + upper.substring(first).toLowerCase(Locale.ROOT);
        }
        return Character.toString(Character.toTitleCase(c));
    }
}
