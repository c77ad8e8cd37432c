package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Tokens that stand for themselves, and who may write them. */
class SpecialTokensTest {
    private static final int NORMAL = TestMetadata.NORMAL;
    private static final int CONTROL = TestMetadata.CONTROL;
    private static final int USER_DEFINED = TestMetadata.USER_DEFINED;

    /** One token a letter and sign, then: 20 {@code <s>}, 21 {@code <s>ab}, 22 {@code ab}. */
    private static TestMetadata vocabulary(int kindOfAb) {
        List<String> tokens = new ArrayList<>();
        for (char letter = 'a'; letter <= 'q'; letter++) {
            tokens.add(String.valueOf(letter));
        }
        tokens.addAll(List.of("<", ">", "s", "<s>", "<s>ab", "ab"));
        int[] types = new int[tokens.size()];
        Arrays.fill(types, NORMAL);
        types[20] = CONTROL;
        types[21] = CONTROL;
        types[22] = kindOfAb;
        return TestMetadata.bytePairs(tokens, "a b")
                .types(types)
                .with("tokenizer.ggml.bos_token_id", 20);
    }

    @Test
    void controlTokensAreTextUnlessAskedFor() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();

        assertThat(tokenizer.encode("c<s>", true, false)).containsExactly(2, 20);
        assertThat(tokenizer.encode("c<s>", false, false)).containsExactly(2, 17, 19, 18);
    }

    @Test
    void longerTokensWinWhereverTheyAre() {
        Tokenizer tokenizer = vocabulary(USER_DEFINED).tokenizer();

        assertThat(tokenizer.encode("ab<s>ab<s>", true, false)).containsExactly(22, 21, 20);
    }

    @Test
    void userDefinedTokensAreAlwaysParsed() {
        Tokenizer tokenizer =
                vocabulary(USER_DEFINED).with("tokenizer.ggml.merges", List.of()).tokenizer();

        assertThat(tokenizer.encode("cabab", false, false)).containsExactly(2, 22, 22);
    }

    @Test
    void controlTokensInUntrustedPartsAreText() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();
        List<Part> prompt = List.of(Part.trusted("<s>c"), Part.untrusted("<s>"));

        assertThat(tokenizer.encode(prompt, false)).containsExactly(20, 2, 17, 19, 18);
    }

    @Test
    void controlTokensNeedTrustFromEndToEnd() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();

        assertThat(tokenizer.encode(List.of(Part.trusted("<s"), Part.untrusted(">")), false))
                .containsExactly(17, 19, 18);
        assertThat(tokenizer.encode(List.of(Part.untrusted("<"), Part.trusted("s>")), false))
                .containsExactly(17, 19, 18);
        assertThat(tokenizer.encode(List.of(Part.trusted("<s"), Part.trusted(">")), false))
                .containsExactly(20);
        assertThat(
                        tokenizer.encode(
                                List.of(Part.trusted("<"), Part.untrusted(""), Part.trusted("s>")),
                                false))
                .containsExactly(20);
    }

    @Test
    void shorterTokenIsTakenWhereTheLongerLacksTrust() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();
        List<Part> prompt = List.of(Part.trusted("<s>a"), Part.untrusted("b"));

        assertThat(tokenizer.encode(prompt, false)).containsExactly(20, 22);
    }

    @Test
    void ordinaryTextRunsAcrossParts() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();

        assertThat(tokenizer.encode(List.of(Part.trusted("a"), Part.untrusted("b")), false))
                .containsExactly(22);
    }

    @Test
    void bosIsAddedOnce() {
        Tokenizer tokenizer = vocabulary(NORMAL).tokenizer();

        assertThat(tokenizer.encode("c", true, true)).containsExactly(20, 2);
        assertThat(tokenizer.encode("<s>c", true, true)).containsExactly(20, 2);
        assertThat(tokenizer.encode("<s>c", false, true)).containsExactly(20, 17, 19, 18, 2);
        assertThat(tokenizer.encode("c<s>", true, true)).containsExactly(20, 2, 20);
        assertThat(tokenizer.encode("", true, true)).containsExactly(20);
    }

    @Test
    void phi3TokensSwallowTheWhiteSpaceAfterThem() {
        TestMetadata metadata =
                TestMetadata.sentencePiece(
                        List.of("<unk>", "<s>", "</s>", "<|user|>", "▁", "a", "\n"), new float[7]);
        metadata.types(2, 3, 3, 3, 1, 1, 1);

        assertThat(metadata.tokenizer().encode("<|user|>\n a<s> ", true, false))
                .containsExactly(3, 4, 6, 4, 5, 1, 4, 4);
        metadata.with("general.name", "Phi-3 Mini");
        assertThat(metadata.tokenizer().encode("<|user|>\n a<s> ", true, false))
                .containsExactly(3, 4, 5, 1, 4, 4);
    }

    @Test
    void bosByDefaultFollowsFileThenFamily() {
        TestMetadata metadata = vocabulary(NORMAL);
        assertThat(metadata.tokenizer().addBosByDefault()).isFalse();
        metadata.with("tokenizer.ggml.pre", "llama-bpe");
        assertThat(metadata.tokenizer().addBosByDefault()).isTrue();
        metadata.with("tokenizer.ggml.add_bos_token", false);
        assertThat(metadata.tokenizer().addBosByDefault()).isFalse();
        metadata.with("tokenizer.ggml.pre", "gpt-2").with("tokenizer.ggml.add_bos_token", true);
        assertThat(metadata.tokenizer().addBosByDefault()).isTrue();
        metadata.without("tokenizer.ggml.bos_token_id");
        assertThat(metadata.tokenizer().addBosByDefault()).isFalse();
    }

    /** The official file of BitNet b1.58 2B 4T does not tell its pre-tokenizer. */
    @Test
    void bitNetWithTheVocabularyOfLlama3SplitsAsLlama3Does() {
        TestMetadata metadata =
                vocabulary(NORMAL)
                        .without("tokenizer.ggml.pre")
                        .with("tokenizer.ggml.bos_token_id", 128_000);
        PreTokenizer llama =
                PreTokenizer.of(vocabulary(NORMAL).with("tokenizer.ggml.pre", "llama-bpe"));
        assertThat(PreTokenizer.of(metadata)).isNotSameAs(llama);
        metadata.with("general.architecture", "bitnet-b1.58");
        assertThat(PreTokenizer.of(metadata)).isSameAs(llama);
    }

    @Test
    void endsAreFoundByTheirTexts() {
        Tokenizer tokenizer =
                TestMetadata.bytePairs(List.of("a", "<|im_end|>", "<|endoftext|>", "<|call|>"))
                        .types(NORMAL, USER_DEFINED, CONTROL, CONTROL)
                        .with("tokenizer.ggml.eos_token_id", 0)
                        .tokenizer();

        assertThat(tokenizer.eot()).hasValue(1);
        assertThat(tokenizer.isEndOfGeneration(0)).isTrue();
        assertThat(tokenizer.isEndOfGeneration(1)).isTrue();
        assertThat(tokenizer.isEndOfGeneration(2)).isTrue();
        assertThat(tokenizer.isControl(1)).isTrue();
        assertThat(tokenizer.isControl(0)).isFalse();
        assertThat(tokenizer.addEosByDefault()).isFalse();
    }

    @Test
    void endIsNoEndWhereReturnAndCallAre() {
        Tokenizer tokenizer =
                TestMetadata.bytePairs(List.of("a", "<|end|>", "<|return|>", "<|call|>"))
                        .types(NORMAL, CONTROL, CONTROL, CONTROL)
                        .tokenizer();

        assertThat(tokenizer.isEndOfGeneration(1)).isFalse();
        assertThat(tokenizer.isEndOfGeneration(2)).isTrue();
        assertThat(tokenizer.decode(new int[] {0, 1, 2})).isEqualTo("a<|end|>");
    }
}
