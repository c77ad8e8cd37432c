package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class PerplexityCommandTest {
    private static final String TEXT = "Once upon a time, there was a little girl named Lily.";

    @TempDir Path folder;

    private JsonNode perplexity(String... args) throws IOException {
        Path file = Files.writeString(folder.resolve("text"), TEXT);
        String[] all = new String[args.length + 7];
        all[0] = "perplexity";
        all[1] = "--model";
        all[2] = Outcome.stories();
        all[3] = "--format";
        all[4] = "json";
        all[5] = "--file";
        all[6] = file.toString();
        System.arraycopy(args, 0, all, 7, args.length);
        return Outcome.of(all).json();
    }

    @Test
    void jsonHasTheAgreedFields() throws IOException {
        JsonNode json = perplexity();
        assertThat(Outcome.names(json))
                .startsWith("perplexity", "nll", "tokens", "sparsity", "tokens_per_s");
        assertThat(json.at("/perplexity").asDouble())
                .isCloseTo(Math.exp(json.at("/nll").asDouble()), within(1e-9))
                .isBetween(1.1, 4.0);
        assertThat(Outcome.names(json.at("/sparsity"))).contains("key_bytes", "prefill", "layers");
    }

    @Test
    void windowsScoreAllButTheirFirstToken() throws IOException {
        long whole = perplexity().at("/tokens").asLong();
        long ids = whole + 1;
        long windows = (ids + 3) / 4;
        long single = ids % 4 == 1 ? 1 : 0;
        JsonNode json = perplexity("--context", "4");
        assertThat(json.at("/window").asInt()).isEqualTo(4);
        assertThat(json.at("/tokens").asLong()).isEqualTo(ids - windows + single - single);
    }

    @Test
    void textIsForPeople() throws IOException {
        Path file = Files.writeString(folder.resolve("ids"), "[1, 403, 407, 261, 378]");
        Outcome outcome =
                Outcome.of(
                        "perplexity", "--model", Outcome.stories(), "--token-ids", file.toString());
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).startsWith("perplexity  ").contains("4 scored, in windows of 5");
    }

    @Test
    void oneSourceAndTwoTokensAreNeeded() throws IOException {
        assertThat(Outcome.of("perplexity", "--model", Outcome.stories()).code()).isEqualTo(2);
        Path file = Files.writeString(folder.resolve("ids"), "[1]");
        Outcome outcome =
                Outcome.of(
                        "perplexity", "--model", Outcome.stories(), "--token-ids", file.toString());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("at least 2 tokens");
    }

    @Test
    void progressIsShownOnATerminal() throws IOException {
        Path file = Files.writeString(folder.resolve("text"), TEXT);
        Outcome outcome =
                Outcome.watched(
                        "perplexity", "--model", Outcome.stories(), "--file", file.toString());
        assertThat(outcome.err()).contains("perplexity [####");
    }
}
