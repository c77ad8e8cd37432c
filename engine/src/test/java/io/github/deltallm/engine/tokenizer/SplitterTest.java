package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Words of the pre-tokenizers, also against the regular expressions that define them. */
class SplitterTest {
    private static final String SPACE =
            "\\t-\\r \\x85\\xA0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000";

    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^S\\p{L}\\p{N}]+|[S]+(?![^S])|[S]+"
                    .replace("S", SPACE);

    private static String llama3(int digits) {
        return ("'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])"
                        + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,"
                        + digits
                        + "}| ?[^W\\p{L}\\p{N}]+[\\r\\n]*|[W]*[\\r\\n]+|[W]+(?![^W])|[W]+")
                .replace("W", SPACE);
    }

    @Test
    void gpt2KeepsOneSpaceWithTheWord() {
        assertThat(words("gpt-2", "a  b'll 12!?\n\n x  "))
                .containsExactly("a", " ", " b", "'ll", " 12", "!?", "\n\n", " x", "  ");
    }

    @Test
    void gpt2KnowsOnlyLowerCaseContractions() {
        assertThat(words("gpt-2", "it's IT'S")).containsExactly("it", "'s", " IT", "'", "S");
    }

    @Test
    void llama3CutsDigitsInThreesAndKnowsAnyCase() {
        assertThat(words("llama-bpe", "IT'S 12345\r\n\n x"))
                .containsExactly("IT", "'S", " ", "123", "45", "\r\n\n", " x");
    }

    @Test
    void qwen2CutsEveryDigit() {
        assertThat(words("qwen2", "x123 (a)\n"))
                .containsExactly("x", "1", "2", "3", " (", "a", ")\n");
    }

    @Test
    void smolLmCutsDigitsBeforeAnythingElse() {
        assertThat(words("smollm", "a  12 b")).containsExactly("a", "  ", "1", "2", " b");
    }

    @Test
    void defaultCutsPunctuationAndTriplesOfDigits() {
        assertThat(words("default", "a(b) 12345`^c's"))
                .containsExactly("a", "(", "b", ")", " ", "123", "45", "`", "^", "c", "'", "s");
    }

    @Test
    void absentPreTokenizerIsDefault() {
        assertThat(PreTokenizer.of(new TestMetadata()))
                .isSameAs(
                        PreTokenizer.of(new TestMetadata().with("tokenizer.ggml.pre", "default")));
    }

    @Test
    void lettersNewInUnicode16AreNoLettersYet() {
        assertThat(words("gpt-2", "a\u1C88b")).containsExactly("a\u1C88b");
        assertThat(words("gpt-2", "a\u1C89b")).containsExactly("a", "\u1C89", "b");
    }

    @ParameterizedTest
    @CsvSource({"gpt-2, 0", "llama-bpe, 3", "qwen2, 1"})
    void wordsAreThoseOfTheRegularExpression(String name, int digits) {
        Pattern pattern = Pattern.compile(digits == 0 ? GPT2 : llama3(digits));
        RandomTexts texts = new RandomTexts(42);
        for (int i = 0; i < 3000; i++) {
            String text = texts.next();
            assertThat(words(name, text)).as(text).isEqualTo(matches(pattern, text));
        }
    }

    private static List<String> matches(Pattern pattern, String text) {
        List<String> words = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }

    private static List<String> words(String preTokenizer, String text) {
        int[] characters = text.codePoints().toArray();
        List<String> words = new ArrayList<>();
        PreTokenizer.of(new TestMetadata().with("tokenizer.ggml.pre", preTokenizer))
                .splitter()
                .split(
                        characters,
                        0,
                        characters.length,
                        (from, to) -> words.add(new String(characters, from, to - from)));
        return words;
    }
}
