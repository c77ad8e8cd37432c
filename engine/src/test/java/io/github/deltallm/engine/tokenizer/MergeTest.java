package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** The order of merges and what they cost. */
class MergeTest {
    @Test
    void earlierMergesGoFirst() {
        List<String> tokens = List.of("a", "b", "c", "ab", "bc");

        assertThat(
                        TestMetadata.bytePairs(tokens, "a b", "b c")
                                .tokenizer()
                                .encode("abc", false, false))
                .containsExactly(3, 2);
        assertThat(
                        TestMetadata.bytePairs(tokens, "b c", "a b")
                                .tokenizer()
                                .encode("abc", false, false))
                .containsExactly(0, 4);
    }

    @Test
    void equalMergesGoFromTheLeft() {
        Tokenizer tokenizer = TestMetadata.bytePairs(List.of("a", "aa"), "a a").tokenizer();

        assertThat(tokenizer.encode("aaaaa", false, false)).containsExactly(1, 1, 0);
    }

    @Test
    void firstOfTwoEqualMergesCounts() {
        List<String> tokens = List.of("a", "b", "c", "ab", "bc");
        Tokenizer tokenizer = TestMetadata.bytePairs(tokens, "a b", "b c", "a b").tokenizer();

        assertThat(tokenizer.encode("abc", false, false)).containsExactly(3, 2);
    }

    @Test
    void wholeWordsComeBeforeMergesForLlama3Only() {
        TestMetadata metadata = TestMetadata.bytePairs(List.of("a", "b", "ab"));

        assertThat(metadata.tokenizer().encode("ab", false, false)).containsExactly(0, 1);
        metadata.with("tokenizer.ggml.pre", "llama-bpe");
        assertThat(metadata.tokenizer().encode("ab", false, false)).containsExactly(2);
    }

    @Test
    void mergesThroughTextsThatAreNoTokensWork() {
        Tokenizer tokenizer =
                TestMetadata.bytePairs(List.of("a", "b", "c", "abc"), "a b", "ab c").tokenizer();

        assertThat(tokenizer.encode("abc", false, false)).containsExactly(3);
        assertThat(tokenizer.encode("ab", false, false)).containsExactly(0, 1);
    }

    @Test
    void highestScoreGoesFirst() {
        List<String> tokens = List.of("<unk>", "▁", "a", "b", "c", "ab", "bc");
        float[] scores = {0, 0, 0, 0, 0, -2, -1};

        assertThat(
                        TestMetadata.sentencePiece(tokens, scores)
                                .with("tokenizer.ggml.add_space_prefix", false)
                                .tokenizer()
                                .encode("abc", false, false))
                .containsExactly(2, 6);
    }

    @Test
    void spacePrefixComesAtTheStartAndAfterSpecialTokens() {
        Tokenizer tokenizer =
                TestMetadata.sentencePiece(List.of("<unk>", "<s>", "</s>", "▁", "a"), new float[5])
                        .types(2, 3, 3, 1, 1)
                        .tokenizer();

        assertThat(tokenizer.encode("a<s>a", true, true)).containsExactly(1, 3, 4, 1, 3, 4);
    }

    @Test
    void characterWithoutTokenBecomesItsBytes() {
        Tokenizer tokenizer =
                TestMetadata.sentencePiece(List.of("<unk>", "▁", "<0xC3>", "<0xA9>"), new float[4])
                        .types(2, 1, 6, 6)
                        .with("tokenizer.ggml.add_space_prefix", false)
                        .tokenizer();

        assertThat(tokenizer.encode("é", false, false)).containsExactly(2, 3);
        assertThat(tokenizer.encode("x", false, false)).containsExactly(0);
        assertThat(tokenizer.decode(new int[] {2, 3})).isEqualTo("é");
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 10_000, 1_000_000})
    void oneLongWordCostsThreeQueueEntriesASymbol(int length) {
        Tokenizer bytePairs =
                TestMetadata.bytePairs(
                                List.of("a", "aa", "aaaa", "aaaaaaaa"), "a a", "aa aa", "aaaa aaaa")
                        .tokenizer();
        Tokenizer sentencePiece =
                TestMetadata.sentencePiece(
                                List.of("<unk>", "a", "aa", "aaaa", "aaaaaaaa"), 0, 0, -1, -2, -3)
                        .with("tokenizer.ggml.add_space_prefix", false)
                        .tokenizer();
        String word = "a".repeat(length);

        for (Tokenizer tokenizer : List.of(bytePairs, sentencePiece)) {
            Encoding encoding = new Encoding();
            tokenizer.encode(PromptText.of(List.of(Part.untrusted(word))), false, encoding);

            assertThat(encoding.toArray()).hasSize(length / 8);
            assertThat(encoding.queueOperations()).isLessThanOrEqualTo(6L * length);
        }
    }
}
