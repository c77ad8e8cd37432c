package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class GenerateCommandTest {
    private static final String[] COUNT_FIELDS = {
        "delta_zero_fraction",
        "skipped_mac_fraction",
        "executed_macs",
        "value_delta_zero_fraction",
        "value_skipped_mac_fraction"
    };

    @TempDir Path folder;

    private static Outcome stories(String... args) {
        return reading("", args);
    }

    private static Outcome reading(String input, String... args) {
        String[] all = new String[args.length + 3];
        all[0] = "generate";
        all[1] = "--model";
        all[2] = Outcome.stories();
        System.arraycopy(args, 0, all, 3, args.length);
        return Outcome.reading(input, all);
    }

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("input"), content);
    }

    @Test
    void textGoesToStandardOutputAndASummaryToStandardError() {
        Outcome answer = stories("--max-tokens", "5", "Once upon a time");
        assertThat(answer.code()).isZero();
        assertThat(answer.out()).isEqualTo(", there was a little\n");
        assertThat(answer.err())
                .contains("backend ", "tokens/s, length", "dense bf16")
                .containsPattern("attention  dense:keys=\\S+ \\(auto\\)")
                .doesNotContain("seed", "\r");
    }

    @Test
    void jsonIsOneObjectWithTheAgreedFields() {
        Outcome answer = stories("--format", "json", "--max-tokens", "3", "Once upon a time");
        assertThat(answer.code()).isZero();
        assertThat(answer.err()).isEmpty();
        JsonNode json = answer.json();
        assertThat(Outcome.names(json))
                .containsExactly(
                        "prompt_ids",
                        "ids",
                        "text",
                        "finish_reason",
                        "model",
                        "backend",
                        "attention",
                        "attention_requested",
                        "timings",
                        "sparsity");
        assertThat(json.at("/prompt_ids").toString()).isEqualTo("[1,403,407,261,378]");
        assertThat(json.at("/text").asString()).isEqualTo(", there was");
        assertThat(json.at("/finish_reason").asString()).isEqualTo("length");
        assertThat(json.at("/model").asString()).isEqualTo(Outcome.stories());
        assertThat(json.at("/attention").asString()).startsWith("dense:keys=");
        assertThat(json.at("/attention_requested").asString()).isEqualTo("auto");
        assertThat(Outcome.names(json.at("/timings")))
                .containsExactly(
                        "load_ms",
                        "prefill_ms",
                        "prefill_tokens_per_s",
                        "decode_tokens_per_s",
                        "peak_rss_bytes");
        assertThat(json.at("/timings/peak_rss_bytes").asLong()).isGreaterThan(1 << 20);
    }

    @Test
    void sparsityHasTheAgreedFields() {
        JsonNode sparsity =
                stories("--format", "json", "--max-tokens", "3", "Once upon a time")
                        .json()
                        .at("/sparsity");
        assertThat(Outcome.names(sparsity))
                .startsWith(COUNT_FIELDS)
                .endsWith(
                        "key_bytes",
                        "value_bytes",
                        "dense_key_bytes",
                        "dense_value_bytes",
                        "prefill",
                        "decode",
                        "layers");
        assertThat(Outcome.names(sparsity.at("/prefill"))).containsExactly(COUNT_FIELDS);
        assertThat(Outcome.names(sparsity.at("/decode"))).containsExactly(COUNT_FIELDS);
        assertThat(sparsity.at("/layers")).isEmpty();
        assertThat(sparsity.at("/skipped_mac_fraction").asDouble()).isZero();
        assertThat(sparsity.at("/executed_macs").asLong())
                .isEqualTo(
                        sparsity.at("/prefill/executed_macs").asLong()
                                + sparsity.at("/decode/executed_macs").asLong())
                .isPositive();
    }

    @Test
    void layersAreThereWhenAskedFor() {
        JsonNode layers =
                stories("--format", "json", "--stats", "layers", "--max-tokens", "2", "Hi")
                        .json()
                        .at("/sparsity/layers");
        assertThat(layers).hasSize(5);
        assertThat(Outcome.names(layers.get(4))).startsWith("layer").contains(COUNT_FIELDS);
        assertThat(stories("--stats", "layers", "--max-tokens", "2", "Hi").err())
                .contains("MACs executed");
    }

    @Test
    void greedyIdsAreThoseOfTheReference() throws IOException {
        JsonNode reference =
                JsonMapper.builder()
                        .build()
                        .readTree(
                                Files.readString(
                                        SharedData.require("reference/stories260k-greedy.json")))
                        .get(0);
        JsonNode json =
                stories(
                                "--format",
                                "json",
                                "--precision",
                                "f32",
                                "--max-tokens",
                                "24",
                                reference.at("/prompt").asString())
                        .json();
        assertThat(json.at("/prompt_ids")).isEqualTo(reference.at("/prompt_ids"));
        for (int i = 0; i < 24; i++) {
            assertThat(json.at("/ids").get(i)).isEqualTo(reference.at("/generated_ids").get(i));
        }
    }

    @Test
    void everyPromptSourceGivesTheSame() throws IOException {
        String expected = ", there was";
        String file = file("Once upon a time").toString();
        assertThat(reading("Once upon a time", "--max-tokens", "3", "-").out().strip())
                .isEqualTo(expected);
        assertThat(stories("--max-tokens", "3", "--prompt-file", file).out().strip())
                .isEqualTo(expected);
        String ids = file("[1, 403, 407, 261, 378]").toString();
        assertThat(stories("--max-tokens", "3", "--token-ids", ids).out().strip())
                .isEqualTo(expected);
    }

    @Test
    void tokenIdsAreTakenAsTheyAre() throws IOException {
        String ids = file("[403]").toString();
        JsonNode json = stories("--format", "json", "--max-tokens", "1", "--token-ids", ids).json();
        assertThat(json.at("/prompt_ids").toString()).isEqualTo("[403]");
    }

    @Test
    void exactlyOnePromptIsNeeded() throws IOException {
        Outcome none = stories();
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("there is no prompt");
        Outcome two = stories("--prompt-file", file("x").toString(), "Hi");
        assertThat(two.code()).isEqualTo(2);
        assertThat(two.err()).contains("more than one prompt");
        assertThat(stories("Once", "upon").code()).isEqualTo(2);
    }

    @Test
    void badTokenFilesSayWhatIsWrong() throws IOException {
        for (String bad : new String[] {"{}", "[1, \"x\"]", "[1, 2", "[1.5]", "[1] 2", ""}) {
            Outcome outcome = stories("--token-ids", file(bad).toString());
            assertThat(outcome.code()).as(bad).isEqualTo(1);
            assertThat(outcome.err())
                    .as(bad)
                    .contains("is not a JSON array of token ids")
                    .hasLineCount(1);
        }
        Outcome unknown = stories("--token-ids", file("[1, 512]").toString());
        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("token 512 at index 1", "from 0 to 511");
    }

    @Test
    void promptsThatAreNotUtf8AreRefused() throws IOException {
        Path file = Files.write(folder.resolve("latin1"), new byte[] {'a', 'b', (byte) 0xe4});
        Outcome outcome = stories("--prompt-file", file.toString());
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("is not UTF-8 text: byte 2");
    }

    @Test
    void aSeedIsToldAndRepeatsTheAnswer() {
        Outcome first = stories("--temperature", "1.5", "--max-tokens", "20", "One day");
        String seed = first.err().replaceAll("(?s).*seed +(\\d+)\\s.*", "$1");
        Outcome again =
                stories("--temperature", "1.5", "--max-tokens", "20", "--seed", seed, "One day");
        assertThat(again.out()).isEqualTo(first.out());
        Outcome json =
                stories(
                        "--temperature",
                        "1",
                        "--seed",
                        "7",
                        "--max-tokens",
                        "1",
                        "--format",
                        "json",
                        "One");
        assertThat(json.json().at("/seed").asLong()).isEqualTo(7);
    }

    @Test
    void stopTextsEndTheAnswer() {
        Outcome stopped = stories("--stop", " was", "--format", "json", "Once upon a time");
        assertThat(stopped.json().at("/text").asString()).isEqualTo(", there");
        assertThat(stopped.json().at("/finish_reason").asString()).isEqualTo("stop");
    }

    @Test
    void tooLongForTheContextIsAFailure() {
        Outcome outcome = stories("--max-tokens", "600", "Once");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("do not fit into the context of 512");
    }

    @Test
    void barsAreForTerminalsOnly() {
        Outcome watched =
                Outcome.watched(
                        "generate", "--model", Outcome.stories(), "--max-tokens", "2", "Once");
        assertThat(watched.err()).contains("loading stories260K-f32.gguf", "prompt [####");
        assertThat(stories("--max-tokens", "2", "Once").err()).doesNotContain("loading", "\r");
    }

    @Test
    void theEmbeddedModelIsTheDefaultAndUsesItsTemplate() {
        String embedded = Outcome.embedded();
        String before = System.getProperty(ModelFile.HOME);
        System.setProperty(ModelFile.HOME, SharedData.repositoryRoot().toString());
        try {
            JsonNode json =
                    Outcome.of("generate", "--format", "json", "--max-tokens", "2", "Hi").json();
            assertThat(json.at("/model").asString()).isEqualTo(embedded);
            // <|im_start|>system ... <|im_start|>user Hi
            assertThat(json.at("/prompt_ids/0").asInt()).isEqualTo(1);
            assertThat(json.at("/prompt_ids").size()).isGreaterThan(20);
            JsonNode raw =
                    Outcome.of("generate", "--raw", "--format", "json", "--max-tokens", "1", "Hi")
                            .json();
            assertThat(raw.at("/prompt_ids").size()).isEqualTo(1);
        } finally {
            if (before == null) {
                System.clearProperty(ModelFile.HOME);
            } else {
                System.setProperty(ModelFile.HOME, before);
            }
        }
    }

    @Test
    void aModelFileThatIsNoneIsAFailure() throws IOException {
        Outcome outcome = Outcome.of("generate", "--model", file("no model").toString(), "Hi");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err()).contains("not a GGUF file");
        Outcome directory = Outcome.of("generate", "--model", folder.toString(), "Hi");
        assertThat(directory.code()).isEqualTo(1);
        assertThat(directory.err()).contains("is a folder");
    }
}
