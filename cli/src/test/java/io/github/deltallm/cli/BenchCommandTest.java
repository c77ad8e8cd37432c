package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.engine.AttentionReport;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.Optional;

class BenchCommandTest {
    @Test
    void everyCombinationIsMeasured() {
        Outcome outcome =
                Outcome.of(
                        "bench",
                        "--model",
                        Outcome.stories(),
                        "-p",
                        "8,16",
                        "-n",
                        "4",
                        "-d",
                        "0,16",
                        "-r",
                        "2",
                        "--attention",
                        "dense",
                        "--attention",
                        "dense:keys=int8",
                        "--threads",
                        "1",
                        "--format",
                        "json");
        assertThat(outcome.code()).isZero();
        JsonNode results = outcome.json().at("/results");
        assertThat(results).hasSize(8);
        for (JsonNode result : results) {
            assertThat(Outcome.names(result))
                    .containsExactly(
                            "test",
                            "depth",
                            "attention",
                            "attention_requested",
                            "backend",
                            "threads",
                            "tokens_per_s",
                            "spread",
                            "key_bytes",
                            "skipped_mac_fraction");
            assertThat(result.at("/tokens_per_s").asDouble()).isPositive();
            assertThat(result.at("/threads").asInt()).isEqualTo(1);
            assertThat(result.at("/key_bytes").asLong()).isPositive();
        }
        assertThat(results.at("/0/test").asString()).isEqualTo("pp8");
        assertThat(results.at("/1/attention").asString()).startsWith("dense:keys=int8");
        assertThat(results.at("/7/test").asString()).isEqualTo("tg4");
        assertThat(results.at("/7/depth").asInt()).isEqualTo(16);
    }

    @Test
    void textIsOneTable() {
        Outcome outcome =
                Outcome.of("bench", "--model", Outcome.stories(), "-p", "0", "-n", "2", "-r", "1");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out().lines()).hasSize(2);
        assertThat(outcome.out()).startsWith("test").contains("tg2", "auto: dense:keys=");
    }

    @Test
    void testsThatDoNotFitAreRefused() {
        String[] tooLong = {"bench", "--model", Outcome.stories(), "-p", "513"};
        assertThat(Outcome.of(tooLong).code()).isEqualTo(2);
        String[] tooDeep = {"bench", "--model", Outcome.stories(), "-p", "1", "-d", "500"};
        assertThat(Outcome.of(tooDeep).err()).contains("64 tokens after up to 500");
        String[] never = {"bench", "--model", Outcome.stories(), "-r", "0"};
        assertThat(Outcome.of(never).code()).isEqualTo(2);
    }

    @Test
    void medianAndSpreadOfTheRuns() {
        AttentionReport report =
                new AttentionReport(
                        AttentionSpec.parse("dense"),
                        AttentionSpec.parse("dense"),
                        Optional.empty(),
                        AttentionCounts.ZERO,
                        AttentionCounts.ZERO,
                        List.of(),
                        CacheBytes.ZERO);
        SpeedTest test = new SpeedTest(SpeedTest.Kind.DECODE, 4, 0, AttentionSpec.parse("dense"));
        SpeedTest.Result odd = new SpeedTest.Result(test, new double[] {9, 1, 4}, report);
        assertThat(odd.median()).isEqualTo(4);
        assertThat(odd.spread()).isEqualTo(8);
        SpeedTest.Result even = new SpeedTest.Result(test, new double[] {4, 2}, report);
        assertThat(even.median()).isEqualTo(3);
    }
}
