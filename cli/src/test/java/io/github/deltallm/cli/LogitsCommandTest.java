package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class LogitsCommandTest {
    @TempDir Path folder;

    @Test
    void largestLogitsAreThoseOfTheReference() throws IOException {
        JsonNode reference =
                JsonMapper.builder()
                        .build()
                        .readTree(
                                Files.readString(
                                        SharedData.require("reference/stories260k-greedy.json")))
                        .get(0);
        Path ids = Files.writeString(folder.resolve("ids"), reference.at("/prompt_ids").toString());
        Outcome outcome =
                Outcome.of(
                        "logits",
                        "--model",
                        Outcome.stories(),
                        "--token-ids",
                        ids.toString(),
                        "--top",
                        "5",
                        "--precision",
                        "f32",
                        "--format",
                        "json");
        assertThat(outcome.code()).isZero();
        JsonNode top = outcome.json().at("/top");
        assertThat(top).hasSize(5);
        for (int i = 0; i < 5; i++) {
            JsonNode expected = reference.at("/top5").get(i);
            assertThat(top.get(i).get(0).asInt()).isEqualTo(expected.get(0).asInt());
            assertThat(top.get(i).get(1).asDouble())
                    .isCloseTo(expected.get(1).asDouble(), within(0.05));
        }
    }

    @Test
    void textIsATableWithPieces() {
        Outcome outcome =
                Outcome.of(
                        "logits", "--model", Outcome.stories(), "--top", "2", "Once upon a time");
        assertThat(outcome.out().lines()).hasSize(3);
        assertThat(outcome.out()).contains("432", "383", " there");
    }

    @Test
    void thereAreNoMoreLogitsThanTokens() {
        Outcome all =
                Outcome.of(
                        "logits",
                        "--model",
                        Outcome.stories(),
                        "--top",
                        "9999",
                        "--format",
                        "json",
                        "Once");
        assertThat(all.json().at("/top")).hasSize(512);
        assertThat(Outcome.of("logits", "--model", Outcome.stories(), "--top", "0", "Once").code())
                .isEqualTo(2);
    }
}
