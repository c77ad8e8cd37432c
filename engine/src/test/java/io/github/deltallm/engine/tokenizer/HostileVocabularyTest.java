package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.AbstractList;
import java.util.List;

/** Damaged and foreign metadata end in one sentence that names the key. */
class HostileVocabularyTest {
    private static TestMetadata sound() {
        return TestMetadata.bytePairs(List.of("a", "b", "ab"), "a b");
    }

    @Test
    void missingTokenizerIsSaid() {
        assertThatThrownBy(() -> new TestMetadata().tokenizer())
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("test.gguf has no tokenizer");
    }

    @Test
    void missingTokensNameTheKey() {
        assertDamaged(sound().without("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens");
    }

    @Test
    void emptyTokensNameTheKey() {
        assertDamaged(sound().with("tokenizer.ggml.tokens", List.of()), "tokenizer.ggml.tokens");
    }

    @Test
    void tooManyTokensAreRefusedBeforeTheyAreRead() {
        List<String> endless =
                new AbstractList<>() {
                    @Override
                    public String get(int index) {
                        throw new AssertionError("read");
                    }

                    @Override
                    public int size() {
                        return Integer.MAX_VALUE;
                    }
                };

        assertDamaged(sound().with("tokenizer.ggml.tokens", endless), "tokenizer.ggml.tokens");
        assertDamaged(sound().with("tokenizer.ggml.merges", endless), "tokenizer.ggml.merges");
    }

    @Test
    void tokenListedTwiceNamesBothPlaces() {
        TestMetadata twice = sound().with("tokenizer.ggml.tokens", List.of("a", "b", "a"));

        assertDamaged(twice, "tokenizer.ggml.tokens");
        assertThatThrownBy(twice::tokenizer).hasMessageContaining("as 0 and as 2: 'a'");
    }

    @Test
    void emptyTokensAreToldApart() {
        Tokenizer tokenizer =
                sound().with("tokenizer.ggml.tokens", List.of("a", "", "")).tokenizer();

        assertThat(tokenizer.id("[EMPTY_1]")).hasValue(1);
        assertThat(tokenizer.id("[EMPTY_2]")).hasValue(2);
    }

    @Test
    void typesOfAnotherLengthNameTheKey() {
        assertDamaged(sound().types(1, 1), "tokenizer.ggml.token_type");
        assertDamaged(sound().types(1, 1, 1, 1), "tokenizer.ggml.token_type");
    }

    @Test
    void scoresOfAnotherLengthNameTheKey() {
        assertDamaged(TestMetadata.sentencePiece(List.of("a", "b"), 1f), "tokenizer.ggml.scores");
    }

    @Test
    void scoreThatIsNoNumberNamesTheKey() {
        assertDamaged(
                TestMetadata.sentencePiece(List.of("a", "b"), 1f, Float.NaN),
                "tokenizer.ggml.scores");
    }

    @Test
    void missingMergesNameTheKey() {
        assertDamaged(sound().without("tokenizer.ggml.merges"), "tokenizer.ggml.merges");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ab", "a ", " b", " "})
    void malformedMergeNamesTheKeyAndThePlace(String merge) {
        TestMetadata damaged = sound().with("tokenizer.ggml.merges", List.of("a b", merge));

        assertDamaged(damaged, "tokenizer.ggml.merges");
        assertThatThrownBy(damaged::tokenizer).hasMessageContaining("entry 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bos", "eos", "eot", "unknown", "padding", "fim_pad"})
    void idOutsideTheVocabularyNamesTheKey(String role) {
        String key = "tokenizer.ggml." + role + "_token_id";

        assertDamaged(sound().with(key, 3), key);
        assertDamaged(sound().with(key, -2), key);
    }

    @Test
    void idMinusOneMeansNone() {
        assertThat(sound().with("tokenizer.ggml.bos_token_id", -1).tokenizer().bos()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert", "t5", "rwkv", "plamo2"})
    void foreignTokenizerIsNamed(String model) {
        assertThatThrownBy(sound().with("tokenizer.ggml.model", model)::tokenizer)
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("'" + model + "'")
                .hasMessageContaining("gpt2");
    }

    @Test
    void foreignPreTokenizerIsNamedAndTheSupportedOnesListed() {
        assertThatThrownBy(sound().with("tokenizer.ggml.pre", "tekken")::tokenizer)
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("'tekken'")
                .hasMessageContaining("llama-bpe")
                .hasMessageContaining("smollm");
    }

    @Test
    void unknownIdIsTheCallersMistake() {
        Tokenizer tokenizer = sound().tokenizer();

        assertThatThrownBy(() -> tokenizer.decode(new int[] {3}))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessage("There is no token 3: the vocabulary has 3 tokens, numbered from 0");
        assertThatThrownBy(() -> tokenizer.piece(-1)).isInstanceOf(InvalidOptionException.class);
    }

    private static void assertDamaged(TestMetadata metadata, String key) {
        assertThatThrownBy(metadata::tokenizer)
                .isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("test.gguf")
                .hasMessageContaining(key);
    }
}
