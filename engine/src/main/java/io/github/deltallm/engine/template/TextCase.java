package io.github.deltallm.engine.template;

import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * Changes of case. A letter keeps its trust, also when it becomes several, as the German sharp s
 * does.
 */
final class TextCase {
    private TextCase() {}

    private interface Mapping {
        /** What the code point at an index of a text becomes. */
        String map(String chars, int index);
    }

    static Text upper(Text text, Rendering rendering) {
        return map(text, 0, rendering, TextCase::upper);
    }

    static Text lower(Text text, Rendering rendering) {
        return map(text, 0, rendering, TextCase::lower);
    }

    static Text capitalize(Text text, Rendering rendering) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offset(1);
        return rendering
                .builder()
                .append(map(text.slice(0, first), 0, rendering, TextCase::title))
                .append(map(text, first, rendering, TextCase::lower))
                .build();
    }

    /** The method {@code title}: a capital after everything that is no letter. */
    static Text title(Text text, Rendering rendering) {
        return map(
                text,
                0,
                rendering,
                (chars, i) ->
                        i > 0 && isCased(chars.codePointBefore(i))
                                ? lower(chars, i)
                                : title(chars, i));
    }

    /** The filter {@code title}: a capital after white space, hyphens and opening brackets only. */
    static Text titleWords(Text text, Rendering rendering) {
        return map(
                text,
                0,
                rendering,
                (chars, i) ->
                        i == 0 || startsWord(chars.codePointBefore(i))
                                ? upper(chars, i)
                                : lower(chars, i));
    }

    static Text swapcase(Text text, Rendering rendering) {
        return map(
                text,
                0,
                rendering,
                (chars, i) ->
                        Character.isUpperCase(chars.codePointAt(i))
                                ? lower(chars, i)
                                : upper(chars, i));
    }

    /** Whether there are letters with case, and all of them have this one. */
    static boolean all(Text text, IntPredicate wanted) {
        return text.chars().codePoints().anyMatch(TextCase::isCased)
                && text.chars().codePoints().filter(TextCase::isCased).allMatch(wanted);
    }

    private static Text map(Text text, int start, Rendering rendering, Mapping mapping) {
        TextBuilder out = rendering.builder();
        String chars = text.chars();
        for (int i = start; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
            out.append(mapping.map(chars, i), text.trustedAt(i));
        }
        return out.build();
    }

    private static boolean startsWord(int previous) {
        return Whitespace.is(previous) || "-({[<".indexOf(previous) >= 0;
    }

    private static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    private static String upper(String chars, int index) {
        return Character.toString(chars.codePointAt(index)).toUpperCase(Locale.ROOT);
    }

    private static String lower(String chars, int index) {
        if (chars.charAt(index) == 'Σ' && endsWord(chars, index)) {
            return "ς";
        }
        return Character.toString(chars.codePointAt(index)).toLowerCase(Locale.ROOT);
    }

    private static boolean endsWord(String chars, int index) {
        return index > 0
                && isCased(chars.codePointBefore(index))
                && (index + 1 == chars.length() || !isCased(chars.codePointAt(index + 1)));
    }

    private static String title(String chars, int index) {
        String upper = upper(chars, index);
        if (upper.codePointCount(0, upper.length()) > 1) {
            int first = upper.offsetByCodePoints(0, 1);
            return upper.substring(0, first) + upper.substring(first).toLowerCase(Locale.ROOT);
        }
        return Character.toString(Character.toTitleCase(chars.codePointAt(index)));
    }
}
