package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * How SQuAD compares an answer with the right ones (arXiv 1606.05250, 1806.03822): in lower case,
 * without ASCII punctuation, without the words a, an and the, words separated by one space.
 *
 * <p>What is a letter, a word and a space is as in Python, in which the published figures were
 * computed.
 */
final class SquadScore {
    private static final String PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    private static final Set<String> ARTICLES = Set.of("a", "an", "the");

    private SquadScore() {}

    /** 1 if an answer equals one of the right ones, else 0. */
    static double exact(String answer, List<String> right) {
        String normalised = normalised(answer);
        return usable(right).stream().anyMatch(normalised::equals) ? 1 : 0;
    }

    /** The largest F1 of an answer's words with those of a right one. */
    static double f1(String answer, List<String> right) {
        List<String> words = words(normalised(answer));
        return usable(right).stream()
                .mapToDouble(one -> overlap(words, words(one)))
                .max()
                .orElseThrow();
    }

    /** The right answers, normalised; no answer is the empty one. */
    private static List<String> usable(List<String> right) {
        List<String> usable =
                right.stream().map(SquadScore::normalised).filter(one -> !one.isEmpty()).toList();
        return usable.isEmpty() ? List.of("") : usable;
    }

    private static double overlap(List<String> answer, List<String> right) {
        if (answer.isEmpty() || right.isEmpty()) {
            return answer.equals(right) ? 1 : 0;
        }
        Map<String, Integer> left = new HashMap<>();
        right.forEach(word -> left.merge(word, 1, Integer::sum));
        int common = 0;
        for (String word : answer) {
            if (left.merge(word, -1, Integer::sum) >= 0) {
                common++;
            }
        }
        double precision = (double) common / answer.size();
        double recall = (double) common / right.size();
        return common == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /** An answer as it is compared. */
    static String normalised(String text) {
        StringBuilder plain = new StringBuilder();
        text.toLowerCase(Locale.ROOT)
                .codePoints()
                .filter(letter -> PUNCTUATION.indexOf(letter) < 0)
                .forEach(plain::appendCodePoint);
        return String.join(" ", words(withoutArticles(plain.toString())));
    }

    /** A space in place of every run of word characters that is an article. */
    private static String withoutArticles(String text) {
        StringBuilder rest = new StringBuilder();
        StringBuilder word = new StringBuilder();
        text.codePoints()
                .forEach(letter -> {
                    if (isWordCharacter(letter)) {
                        word.appendCodePoint(letter);
                    } else {
                        endWord(word, rest);
                        rest.appendCodePoint(letter);
                    }
                });
        endWord(word, rest);
        return rest.toString();
    }

    private static void endWord(StringBuilder word, StringBuilder rest) {
        rest.append(ARTICLES.contains(word.toString()) ? " " : word);
        word.setLength(0);
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        text.codePoints()
                .forEach(letter -> {
                    if (!isSpace(letter)) {
                        word.appendCodePoint(letter);
                    } else if (!word.isEmpty()) {
                        words.add(word.toString());
                        word.setLength(0);
                    }
                });
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }

    /** Python's {@code \w}: letters and numbers of all kinds, no combining marks. */
    private static boolean isWordCharacter(int letter) {
        return switch (Character.getType(letter)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.LETTER_NUMBER,
                    Character.OTHER_NUMBER ->
                    true;
            default -> letter == '_';
        };
    }

    /** Python's {@code str.isspace}: no-break spaces too, and the four ASCII separators. */
    private static boolean isSpace(int letter) {
        return Character.isWhitespace(letter) || Character.isSpaceChar(letter) || letter == 0x85;
    }
}
