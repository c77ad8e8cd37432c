package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class TokenizeCommandTest {
    @TempDir Path folder;

    @Test
    void aVocabularyIsEnough() throws IOException {
        Path vocabulary = SharedData.require("tokenizers/ggml-vocab-llama-bpe.gguf");
        Path file = Files.writeString(folder.resolve("text"), "Hello world\n");
        Outcome outcome =
                Outcome.of(
                        "tokenize",
                        "--model",
                        vocabulary.toString(),
                        "--file",
                        file.toString(),
                        "--format",
                        "json");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .isEqualTo(
                        "{\"ids\":[128000,9906,1917,198],\"pieces\":[\"<|begin_of_text|>\",\"Hello\",\""
                            + " world\",\"\\n\"]}\n");
    }

    @Test
    void bosIsLeftOutOnRequest() {
        assertThat(Outcome.of("tokenize", "--model", Outcome.stories(), "Once").out())
                .isEqualTo("1\t<s>\n403\t Once\n");
        assertThat(Outcome.of("tokenize", "--model", Outcome.stories(), "--no-bos", "Once").out())
                .isEqualTo("403\t Once\n");
    }

    @Test
    void specialTokensAreParsedOnlyOnRequest() {
        String[] plain = {"tokenize", "--model", Outcome.embedded(), "--text", "<|im_start|>"};
        assertThat(Outcome.of(plain).out().lines()).hasSizeGreaterThan(1);
        String[] special = {
            "tokenize", "--model", Outcome.embedded(), "--special", "--text", "<|im_start|>"
        };
        assertThat(Outcome.of(special).out()).isEqualTo("1\t<|im_start|>\n");
    }

    @Test
    void controlCharactersArePrintedAsEscapes() {
        assertThat(Outcome.of("tokenize", "--model", Outcome.embedded(), "--text", "a\n\\").out())
                .contains("\t\\n\n", "\t\\\\\n");
    }

    @Test
    void standardInputIsRead() {
        Outcome outcome =
                Outcome.reading("grün", "tokenize", "--model", Outcome.stories(), "--no-bos", "-");
        // The small vocabulary has the letter only as its two UTF-8 bytes, 0xc3 and 0xbc.
        assertThat(outcome.out().lines().map(line -> line.substring(0, line.indexOf('\t'))))
                .containsExactly("298", "420", "198", "191", "416");
    }

    @Test
    void exactlyOneTextIsNeeded() {
        assertThat(Outcome.of("tokenize", "--model", Outcome.stories()).code()).isEqualTo(2);
        Outcome two = Outcome.of("tokenize", "--model", Outcome.stories(), "--text", "a", "b");
        assertThat(two.code()).isEqualTo(2);
        assertThat(two.err()).contains("give exactly one of");
    }
}
