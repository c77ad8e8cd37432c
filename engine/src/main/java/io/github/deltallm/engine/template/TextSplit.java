package io.github.deltallm.engine.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * Cuts texts into pieces: strip, split and their relatives. Pieces are slices, so trust needs no
 * care here.
 */
final class TextSplit {
    private TextSplit() {}

    /** Without the given characters, or white space, at the chosen ends. */
    static Text strip(Text text, Optional<Text> characters, boolean left, boolean right) {
        String chars = text.chars();
        IntPredicate strips = characters.isPresent() ? oneOf(characters.get()) : Whitespace::is;
        int from = 0;
        int to = chars.length();
        while (left && from < to && strips.test(chars.codePointAt(from))) {
            from += Character.charCount(chars.codePointAt(from));
        }
        while (right && to > from && strips.test(chars.codePointBefore(to))) {
            to -= Character.charCount(chars.codePointBefore(to));
        }
        return text.slice(from, to);
    }

    private static IntPredicate oneOf(Text characters) {
        Set<Integer> codePoints =
                characters.chars().codePoints().boxed().collect(Collectors.toSet());
        return codePoints::contains;
    }

    /** At most {@code limit} cuts from the left; a negative limit is none. */
    static List<Text> split(Text text, Optional<Text> separator, long limit) {
        return separator.isPresent()
                ? splitAt(text, checked(separator.get()), limit)
                : splitWords(text, limit);
    }

    private static String checked(Text separator) {
        if (separator.isEmpty()) {
            throw Fault.failed("the separator of a split is empty");
        }
        return separator.chars();
    }

    private static List<Text> splitAt(Text text, String separator, long limit) {
        List<Text> parts = new ArrayList<>();
        int from = 0;
        int found = Search.first(text.chars(), separator, 0);
        while (found >= 0 && parts.size() != limit) {
            parts.add(text.slice(from, found));
            from = found + separator.length();
            found = Search.first(text.chars(), separator, from);
        }
        parts.add(text.from(from));
        return parts;
    }

    private static List<Text> splitWords(Text text, long limit) {
        List<Text> words = new ArrayList<>();
        String chars = text.chars();
        int from = skip(chars, 0, true);
        while (from < chars.length() && words.size() != limit) {
            int end = skip(chars, from, false);
            words.add(text.slice(from, end));
            from = skip(chars, end, true);
        }
        if (from < chars.length()) {
            words.add(text.from(from)); // what is left keeps its white space at the end
        }
        return words;
    }

    private static int skip(String chars, int from, boolean whitespace) {
        int end = from;
        while (end < chars.length() && Whitespace.is(chars.charAt(end)) == whitespace) {
            end++;
        }
        return end;
    }

    /** At most {@code limit} cuts from the right. */
    static List<Text> splitRight(Text text, Optional<Text> separator, long limit) {
        if (limit < 0) {
            return split(text, separator, limit);
        }
        Deque<Text> parts = new ArrayDeque<>();
        if (separator.isEmpty()) {
            splitWordsRight(text, limit, parts);
            return List.copyOf(parts);
        }
        String cut = checked(separator.get());
        int to = text.length();
        int found = Search.last(text.chars(), cut, to);
        while (found >= 0 && parts.size() != limit) {
            parts.addFirst(text.slice(found + cut.length(), to));
            to = found;
            found = Search.last(text.chars(), cut, to);
        }
        parts.addFirst(text.slice(0, to));
        return List.copyOf(parts);
    }

    private static void splitWordsRight(Text text, long limit, Deque<Text> words) {
        String chars = text.chars();
        int to = Whitespace.trailing(chars);
        while (to > 0 && words.size() != limit) {
            int from = to;
            while (from > 0 && !Whitespace.is(chars.charAt(from - 1))) {
                from--;
            }
            words.addFirst(text.slice(from, to));
            to = Whitespace.trailing(chars, from);
        }
        if (to > 0) {
            words.addFirst(text.slice(0, to));
        }
    }

    static List<Text> lines(Text text, boolean keepEnds) {
        List<Text> lines = new ArrayList<>();
        String chars = text.chars();
        int from = 0;
        for (int i = 0; i < chars.length(); i++) {
            if (!endsLine(chars.charAt(i))) {
                continue;
            }
            int end = i;
            if (chars.charAt(i) == '\r' && i + 1 < chars.length() && chars.charAt(i + 1) == '\n') {
                i++;
            }
            lines.add(text.slice(from, keepEnds ? i + 1 : end));
            from = i + 1;
        }
        if (from < chars.length()) {
            lines.add(text.from(from));
        }
        return lines;
    }

    private static boolean endsLine(char c) {
        return (c >= '\n' && c <= '\r')
                || (c >= 0x1c && c <= 0x1e)
                || c == 0x85
                || c == 0x2028
                || c == 0x2029;
    }

    /** Before the separator, the separator, and after it. */
    static List<Text> partition(Text text, Text separator, boolean last) {
        String cut = checked(separator);
        int found =
                last
                        ? Search.last(text.chars(), cut, text.length())
                        : Search.first(text.chars(), cut, 0);
        if (found < 0) {
            return last
                    ? List.of(Text.EMPTY, Text.EMPTY, text)
                    : List.of(text, Text.EMPTY, Text.EMPTY);
        }
        return List.of(
                text.slice(0, found),
                text.slice(found, found + cut.length()),
                text.from(found + cut.length()));
    }
}
