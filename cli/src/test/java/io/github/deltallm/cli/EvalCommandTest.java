package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

class EvalCommandTest {
    private static final String ROWS =
            """
            {"sentence": "Tom had a dog and a ball. The _ was red and round.", "option1": "dog", "option2": "ball", "answer": "2"}
            {"sentence": "Lily ran after the cat but the _ was too fast.", "option1": "cat", "option2": "tree", "answer": "1"}
            """;
    private static final String STORY =
            "Once upon a time, there was a little girl named Lily. She loved to play outside in"
                    + " the park. One day, she saw a big red ball near the tree.";

    @TempDir Path folder;

    private Outcome eval(String... more) throws IOException {
        Path rows = Files.writeString(folder.resolve("rows.jsonl"), ROWS);
        Path story = Files.writeString(folder.resolve("story.txt"), STORY);
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "eval",
                                "--model",
                                Outcome.stories(),
                                "--backend",
                                "reference",
                                "--task",
                                "winogrande",
                                "--data",
                                rows.toString(),
                                "--task",
                                "perplexity",
                                "--data",
                                story.toString(),
                                "--out",
                                folder.resolve("out").toString()));
        args.addAll(List.of(more));
        return Outcome.of(args.toArray(new String[0]));
    }

    @Test
    void jsonHasTheAgreedFields() throws IOException {
        Outcome outcome =
                eval(
                        "--attention",
                        "delta:theta=0.5..1.0/0.5,window=8",
                        "--no-controls",
                        "--format",
                        "json");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        JsonNode results = outcome.json().get("results");

        assertThat(results.valueStream().map(result -> result.get("attention").asString()))
                .containsExactly(
                        "dense",
                        "delta:theta=0.5,window=8",
                        "delta:theta=1.0,window=8",
                        "dense",
                        "delta:theta=0.5,window=8",
                        "delta:theta=1.0,window=8");
        assertThat(results.valueStream().map(result -> result.get("task").asString()).distinct())
                .containsExactly("winogrande", "perplexity");
        for (JsonNode result : results) {
            assertThat(Outcome.names(result))
                    .contains("task", "attention", "metric", "value", "stderr", "n", "sparsity");
            assertThat(Outcome.names(result.get("sparsity")))
                    .contains("delta_zero_fraction", "skipped_mac_fraction", "key_bytes");
        }
        assertThat(outcome.json().at("/run/model_sha256").asString()).hasSize(64);
        assertThat(outcome.json().get("key_precision")).hasSize(3);
    }

    @Test
    void controlsAreMeasuredBesideDelta() throws IOException {
        Outcome outcome = eval("--attention", "delta:theta=1.0,window=8", "--format", "json");

        assertThat(
                        outcome.json()
                                .get("results")
                                .valueStream()
                                .map(result -> result.get("attention").asString()))
                .contains("prune:theta=1.0", "dense:keys=int8", "dense:keys=int4");
    }

    @Test
    void theFolderHoldsAllThatWasFound() throws IOException {
        Outcome first = eval("--attention", "delta:theta=1.0,window=8", "--no-controls");
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.out()).contains("winogrande", "perplexity", "delta:theta=1.0,window=8");
        Path out = folder.resolve("out");
        List<String> items = Files.readAllLines(out.resolve("results.jsonl"));
        List<String> csv = Files.readAllLines(out.resolve("results.csv"));
        JsonNode json =
                JsonMapper.builder()
                        .build()
                        .readTree(Files.readString(out.resolve("results.json")));

        assertThat(items).as("four answers, two texts, two looks at keys").hasSize(8);
        assertThat(csv).hasSize(5).first().asString().startsWith("task,attention,metric,value");
        assertThat(csv.getLast()).contains("\"delta:theta=1.0,window=8\"");
        assertThat(json.get("results")).hasSize(4);
        assertThat(json.at("/run/options/limit").asString()).isEqualTo("none");
        assertThat(out.resolve("report.html"))
                .content()
                .contains("Accuracy against sparsity", "delta:theta=1.0,window=8: acc");
        assertThat(out.resolve("key_precision.csv")).content().contains("key_bits");

        Outcome again = eval("--attention", "delta:theta=1.0,window=8", "--no-controls");
        assertThat(again.out()).isEqualTo(first.out());
        assertThat(Files.readAllLines(out.resolve("results.jsonl"))).isEqualTo(items);
    }

    @Test
    void speedIsMeasuredAtDepths() throws IOException {
        Outcome outcome =
                eval(
                        "--attention",
                        "dense",
                        "--no-controls",
                        "--speed",
                        "0,32",
                        "--format",
                        "json");
        JsonNode speeds = outcome.json().get("speed");

        assertThat(speeds).hasSize(4);
        assertThat(speeds.valueStream().map(speed -> speed.get("depth").asInt()).distinct())
                .containsExactly(0, 32);
        assertThat(speeds.valueStream().map(speed -> speed.get("tokens_per_s").asDouble()))
                .allMatch(rate -> rate > 0);
    }

    @Test
    void aBarTellsTheTimeThatIsLeft() {
        assertThat(TimeLeft.words(12.3)).isEqualTo("12 s left");
        assertThat(TimeLeft.words(600)).isEqualTo("10 min left");
        assertThat(TimeLeft.words(3 * 3600 + 300)).isEqualTo("3 h 5 min left");
    }

    @Test
    void wrongUsageIsOneSentence() throws IOException {
        isRefused(2, "there is no task 'hellaswag'; there are winogrande", "--task", "hellaswag");
        isRefused(2, "3 tasks but 2 files; give one --data", "--task", "piqa");
        isRefused(2, "theta=2..1/1", "--attention", "delta:theta=2..1/1");
        isRefused(2, "no setting 'thta'", "--attention", "delta:thta=1");
        isRefused(
                1,
                "there is no file none.jsonl; check the path",
                "--task",
                "piqa",
                "--data",
                "none.jsonl");
        isRefused(2, "the option limit must be at least 0", "--limit", "-1");
    }

    private void isRefused(int code, String why, String... args) throws IOException {
        Outcome outcome = eval(args);
        assertThat(outcome.err()).contains(why).doesNotContain("\tat ");
        assertThat(outcome.code()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
    }
}
