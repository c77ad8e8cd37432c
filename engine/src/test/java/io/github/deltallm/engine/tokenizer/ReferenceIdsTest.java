package io.github.deltallm.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Map;

/** Ids that other software gave for the same files. */
class ReferenceIdsTest {
    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe", "llama-spm", "qwen2"})
    void publishedPairsAreReproduced(String name) {
        Tokenizer tokenizer = SharedVocabularies.vocabulary(name);
        List<SharedVocabularies.Pair> pairs = SharedVocabularies.pairs(name);

        assertThat(pairs).hasSizeGreaterThan(40);
        for (SharedVocabularies.Pair pair : pairs) {
            assertThat(tokenizer.encode(pair.text(), false, false))
                    .as(pair.text())
                    .containsExactly(pair.ids());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe", "qwen2"})
    void bytePairTextsComeBackWhole(String name) {
        Tokenizer tokenizer = SharedVocabularies.vocabulary(name);

        for (SharedVocabularies.Pair pair : SharedVocabularies.pairs(name)) {
            assertThat(tokenizer.decode(pair.ids())).isEqualTo(pair.text());
        }
    }

    @Test
    void sentencePieceTextsComeBackWithTheirLeadingSpace() {
        Tokenizer tokenizer = SharedVocabularies.vocabulary("llama-spm");

        for (SharedVocabularies.Pair pair : SharedVocabularies.pairs("llama-spm")) {
            String prefix = pair.text().isEmpty() ? "" : " ";
            assertThat(tokenizer.decode(pair.ids())).isEqualTo(prefix + pair.text());
        }
    }

    @Test
    void smolLm2TextsAreReproduced() {
        Tokenizer tokenizer = SharedVocabularies.open(SharedData.embeddedModel());

        for (Object element :
                (List<?>) SharedVocabularies.json("reference/smollm2-tokenizer.json")) {
            Map<?, ?> pair = (Map<?, ?>) element;
            assertThat(tokenizer.encode((String) pair.get("text"), false, false))
                    .as((String) pair.get("text"))
                    .containsExactly(Json.ids(pair.get("ids")));
        }
    }

    @Test
    void smolLm2PromptsAreReproducedWithoutBos() {
        Tokenizer tokenizer = SharedVocabularies.open(SharedData.embeddedModel());
        Map<?, ?> file = (Map<?, ?>) SharedVocabularies.json("reference/smollm2-greedy.json");

        assertThat(tokenizer.addBosByDefault()).isFalse();
        assertPrompts(tokenizer, (List<?>) file.get("cases"));
    }

    @Test
    void stories260kPromptsAreReproducedWithBos() {
        Tokenizer tokenizer =
                SharedVocabularies.open(SharedData.require("models/stories260K-f32.gguf"));
        Object cases = SharedVocabularies.json("reference/stories260k-greedy.json");

        assertThat(tokenizer.addBosByDefault()).isTrue();
        assertPrompts(tokenizer, (List<?>) cases);
    }

    @ParameterizedTest
    @ValueSource(strings = {"i2s", "tq1_0", "tq2_0"})
    void bitNetPromptsAreReproducedWithBos(String type) {
        Tokenizer tokenizer =
                SharedVocabularies.open(
                        SharedData.require("models/bitnet-stories-" + type + ".gguf"));
        Map<?, ?> file = (Map<?, ?>) SharedVocabularies.json("reference/bitnet-stories.json");

        assertPrompts(tokenizer, (List<?>) file.get("cases"));
    }

    private static void assertPrompts(Tokenizer tokenizer, List<?> cases) {
        assertThat(cases).isNotEmpty();
        for (Object element : cases) {
            Map<?, ?> pair = (Map<?, ?>) element;
            String prompt = (String) pair.get("prompt");
            assertThat(tokenizer.encode(prompt, true, tokenizer.addBosByDefault()))
                    .as(prompt)
                    .containsExactly(Json.ids(pair.get("prompt_ids")));
        }
    }
}
