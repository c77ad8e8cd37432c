package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "generate",
                "chat",
                "tokenize",
                "logits",
                "perplexity",
                "bench",
                "calibrate",
                "inspect",
                "backends",
                "models",
                "attentions",
                "conformance",
                "help",
                "generate-completion"
            })
    void everyCommandHasHelpAndIsListed(String command) {
        Outcome help = Outcome.of(command, "--help");
        assertThat(help.code()).isZero();
        assertThat(help.out()).containsPattern("(?m)^Usage: deltallm " + command + " ");
        assertThat(help.err()).isEmpty();
        assertThat(Outcome.of("--help").out()).containsPattern("(?m)^  " + command + " ");
    }

    @Test
    void versionNamesProgramAndJava() {
        Outcome version = Outcome.of("--version");
        assertThat(version.code()).isZero();
        assertThat(version.out()).startsWith("deltallm ").contains("Java " + Runtime.version());
    }

    @Test
    void completionIsABashScript() {
        Outcome completion = Outcome.of("generate-completion");
        assertThat(completion.code()).isZero();
        assertThat(completion.out()).startsWith("#!/usr/bin/env bash").contains("--max-tokens");
    }

    @Test
    void noCommandShowsTheCommands() {
        Outcome nothing = Outcome.of();
        assertThat(nothing.code()).isEqualTo(2);
        assertThat(nothing.out()).isEmpty();
        assertThat(nothing.err()).startsWith("deltallm: ").contains("Usage:", "perplexity");
    }

    @Test
    void misspelledCommandIsCorrected() {
        Outcome wrong = Outcome.of("generat", "hi");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("did you mean generate");
    }

    @Test
    void misspelledOptionIsCorrected() {
        Outcome wrong = Outcome.of("generate", "--temprature", "1", "hi");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).contains("--temprature", "did you mean --temperature");
    }

    @Test
    void anOptionIsNoValueOfAnother() {
        Outcome wrong = Outcome.of("generate", "--model", "--raw", "hi");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("--model", "--raw");
    }

    @Test
    void argumentsThatBeginWithAtAreNoFiles() {
        Outcome text = Outcome.of("tokenize", "--model", Outcome.stories(), "@/no/such/file");
        assertThat(text.code()).isZero();
        assertThat(text.err()).isEmpty();
    }

    @Test
    void wrongValuesNameTheRightOnes() {
        assertThat(Outcome.of("generate", "--format", "xml", "hi").err())
                .contains("'xml' is not one of text, json");
        assertThat(Outcome.of("generate", "--precision", "f16", "hi").err())
                .contains("'f16' is not one of fast, f32");
        assertThat(Outcome.of("generate", "--stats", "rows", "hi").err())
                .contains("'rows' is not one of layers");
        assertThat(Outcome.of("generate", "--threads", "two", "hi").err()).contains("--threads");
        assertThat(Outcome.of("generate", "--attention", "Dense", "hi").err())
                .contains("'Dense' does not follow name:key=value");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--format xml",
                "--precision f16",
                "--stats rows",
                "--threads two",
                "--threads -1",
                "--chunk 0",
                "--context -5",
                "--attention Dense",
                "--attention nope",
                "--attention dense:nope=1",
                "--attention auto:theta=1",
                "--attention dense:keys=f64",
                "--backend nope",
                "--max-tokens 0",
                "--temperature -1",
                "--temperature NaN",
                "--top-p 2",
                "--min-p -1",
                "--top-k -1",
                "--repeat-penalty 0",
                "--context 100000"
            })
    void wrongOptionsAreWrongUsage(String option) {
        int space = option.indexOf(' ');
        String name = option.substring(0, space);
        String value = option.substring(space + 1);
        Outcome wrong = Outcome.of("generate", "--model", Outcome.stories(), name, value, "hi");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.out()).isEmpty();
        assertThat(wrong.err()).startsWith("deltallm: ").doesNotContain("Exception", "\tat ");
    }

    @Test
    void missingFilesAreFailures() {
        Outcome model = Outcome.of("generate", "--model", "/no/such.gguf", "hi");
        assertThat(model.code()).isEqualTo(1);
        assertThat(model.err())
                .isEqualTo("deltallm: there is no model /no/such.gguf; check the path\n");
        Outcome prompt =
                Outcome.of("generate", "--model", Outcome.stories(), "--prompt-file", "/no/such");
        assertThat(prompt.code()).isEqualTo(1);
        assertThat(prompt.err()).isEqualTo("deltallm: there is no file /no/such; check the path\n");
    }

    @Test
    void stackTracesAreForTheVerbose() {
        Outcome quiet = Outcome.of("inspect", "/no/such.gguf");
        assertThat(quiet.err().lines()).hasSize(1);
        Outcome verbose = Outcome.of("inspect", "--verbose", "/no/such.gguf");
        assertThat(verbose.code()).isEqualTo(1);
        assertThat(verbose.err()).startsWith(quiet.err()).contains("\tat ");
    }
}
