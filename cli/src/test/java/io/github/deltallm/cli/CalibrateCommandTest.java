package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class CalibrateCommandTest {
    private static final String STORY =
            """
            Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One \
            day, she saw a big red ball near the tree. She wanted to play with it, but it was too high. Her \
            friend Tim said, "I can help you!" He climbed the tree and threw the ball down to Lily. She was \
            very happy and said, "Thank you, Tim!" They played with the ball all day long. Then a small dog \
            came to the park. The dog was sad because he had no one to play with. Lily said, "Do you want to \
            play with us?" The dog wagged his tail and ran to the ball. When the sun went down, Lily's mom \
            called her. "It is time to go home," she said. Lily hugged the dog and said goodbye to Tim.
            """;

    @TempDir Path folder;

    private Outcome calibrate(String text, String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("story.txt"), text);
        String[] args = {
            "calibrate", Outcome.stories(), "--backend", "reference", "--file", file.toString()
        };
        String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
        System.arraycopy(more, 0, all, args.length, more.length);
        return Outcome.of(all);
    }

    @Test
    void writesAProfileWithinTheBudget() throws IOException {
        Path profile = folder.resolve("profile.json");
        Outcome outcome =
                calibrate(
                        STORY,
                        "--out",
                        profile.toString(),
                        "--budget",
                        "2%",
                        "--window",
                        "32",
                        "--format",
                        "json");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        JsonNode json = outcome.json();
        assertThat(Outcome.names(json))
                .startsWith("profile", "delta_zero_fraction", "perplexity_change");
        assertThat(json.at("/profile").asString()).isEqualTo(profile.toString());
        assertThat(json.at("/perplexity_change").asDouble()).isLessThanOrEqualTo(0.02);
        assertThat(json.at("/delta_zero_fraction").asDouble()).isBetween(0.3, 1.0);
        JsonNode written = JsonMapper.builder().build().readTree(Files.readString(profile));
        assertThat(written.at("/window").asString()).isEqualTo("32");
        assertThat(written.at("/budget").asDouble()).isEqualTo(0.02);
        assertThat(written.at("/calibrated_on").asString()).startsWith("story.txt: ");
    }

    @Test
    void wrongUsageIsToldBeforeAnythingIsComputed() throws IOException {
        String out = folder.resolve("profile.json").toString();
        assertThat(calibrate(STORY).err()).contains("--out");
        assertThat(calibrate(STORY, "--out", out, "--budget", "much").err())
                .contains("'much' is not a percentage, such as 0.5%");
        assertThat(calibrate(STORY, "--out", out, "--budget", "0%").err())
                .contains("the budget must be more than 0");
        assertThat(calibrate(STORY, "--out", out, "--window", "wide").err())
                .contains("the window 'wide'");
        assertThat(calibrate(STORY, "--out", out, "--model", "other.gguf").err())
                .contains("two models");
        assertThat(calibrate(STORY, "--out", folder.resolve("none/profile").toString()).err())
                .contains("can't be written: its directory does not exist");
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void aTextMustNotBeTooShort() throws IOException {
        String out = folder.resolve("profile.json").toString();
        for (String text : new String[] {"", "Once upon a time"}) {
            Outcome outcome = calibrate(text, "--out", out);
            assertThat(outcome.code()).isEqualTo(2);
            assertThat(outcome.err()).contains("at least 256 tokens, but the text has");
        }
    }
}
