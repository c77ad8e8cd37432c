package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.FrequencyChange;
import io.github.deltallm.evaluation.result.HeadSparsity;
import io.github.deltallm.evaluation.result.KeyPrecision;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Sparsity;
import io.github.deltallm.evaluation.result.Speed;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

class HtmlReportTest {
    private static final String DELTA = "delta:theta=1.0";

    @TempDir Path folder;

    private static Sparsity sparsity(double skipped) {
        return new Sparsity(skipped, skipped, skipped, 0, 0, 0, 0, 1, 390, 1600, 1600, 1600);
    }

    private static Score perplexity(String attention, double value, double skipped) {
        double change = value / 40 - 1;
        return new Score(
                "wiki",
                attention,
                "perplexity",
                false,
                value,
                1,
                4,
                attention.equals("dense")
                        ? Optional.empty()
                        : Optional.of(new Difference(change, 0.001, 0, 0, 0.5, true)),
                sparsity(skipped),
                100);
    }

    /** A run with one delta attention, everything once. */
    private static Evaluation one(double perplexity) {
        return new Evaluation(
                SampleEvaluation.run("model.gguf"),
                List.of(perplexity("dense", 40, 0), perplexity(DELTA, perplexity, 0.6)),
                List.of(
                        new KeyPrecision(
                                "wiki", DELTA, "delta bf16", 3.9, perplexity, perplexity / 40 - 1)),
                List.of(new HeadSparsity(DELTA, 0, 0, 0.6)),
                List.of(new FrequencyChange(DELTA, 0, 1, 0.4)),
                List.of(new Speed(DELTA, Speed.Stage.DECODE, 0, 10, 1, 3)));
    }

    private static String text(Evaluation evaluation) {
        return new HtmlReport(evaluation).text();
    }

    @Test
    void statesTheBestPointInWords() {
        assertThat(text(one(40.08)))
                .contains(
                        "The most that is skipped without a loss: 60.0\u202f% of the"
                                + " multiplications for attention scores, by delta:theta=1.0"
                                + " (perplexity +0.20\u202f% against dense).")
                .contains("The smallest keys at most 0.5\u202f% above dense take 3.9 bits");
    }

    @Test
    void saysSoIfNothingCanBeSkipped() {
        assertThat(text(one(41)))
                .contains("No attention of this run skips anything without a loss.")
                .contains("none without a loss");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void whatIsNotFiniteIsNotDrawnButTold(double perplexity) {
        String text = text(one(perplexity));
        assertThat(text)
                .contains("Not drawn, because a number is missing or not finite")
                .contains(Double.isNaN(perplexity) ? "not a number" : "infinite")
                .doesNotContain("NaN");
    }

    @Test
    void onePointEverywhereIsAReport() {
        String text = text(one(40.08));
        assertThat(Pattern.compile("<svg class=\"picture").matcher(text).results().count())
                .isEqualTo(10);
        assertThat(text).contains("measured with nothing to compare with at the same depth");
    }

    @Test
    void emptyPartsSayWhy() {
        assertThat(text(SampleEvaluation.empty()))
                .contains("This run scored no task.")
                .contains("This run scored no perplexity")
                .contains("This run had no delta attention, so no keys were encoded.")
                .contains("Speed was not measured: it was not asked for.")
                .doesNotContain("<table");
    }

    @Test
    void everyPictureHasATableAndEveryIdIsUnique() {
        String text = text(SampleEvaluation.full());
        List<String> parts = List.of(text.split("<h2>"));
        assertThat(parts).hasSize(8);
        assertThat(parts.subList(1, 7)).allMatch(part -> part.contains("<table"));
        assertThat(parts.subList(2, 7)).allMatch(part -> part.contains("<svg class=\"picture"));
        Set<String> ids = new HashSet<>();
        Pattern.compile(" id=\"([^\"]*)\"")
                .matcher(text)
                .results()
                .forEach(match -> assertThat(ids.add(match.group(1))).as(match.group(1)).isTrue());
        assertThat(ids).hasSizeGreaterThan(20);
    }

    @Test
    void nothingIsFetchedOrRun() {
        assertThat(text(SampleEvaluation.full()))
                .contains("default-src 'none'".replace("'", "&#39;"))
                .doesNotContainPattern(
                        "<script|<link|<img|<iframe|<object| src=| on[a-z]+=|https?:");
    }

    @Test
    void sameResultsSamePage() {
        assertThat(text(SampleEvaluation.full())).isEqualTo(text(SampleEvaluation.full()));
    }

    @Test
    void theFileHoldsThePage() {
        Path file = folder.resolve("report.html");
        new HtmlReport(one(40.08)).writeTo(file);
        assertThat(file).hasContent(text(one(40.08)));
    }

    @Test
    void tablesAreWrittenAsCsv() {
        CsvReport report = new CsvReport(one(40.08));
        assertThat(report.writeTo(folder))
                .containsExactlyInAnyOrderElementsOf(
                        report.texts().keySet().stream().map(folder::resolve).toList());
        Map<String, String> texts = report.texts();
        assertThat(texts)
                .containsOnlyKeys(
                        "summary.csv",
                        "key_precision.csv",
                        "head_sparsity.csv",
                        "frequency_change.csv",
                        "speed.csv");
        assertThat(texts.get("head_sparsity.csv").lines())
                .containsExactly(
                        "attention,layer,kv_head,delta_zero_fraction", "delta:theta=1.0,0,0,0.6");
        assertThat(new CsvReport(SampleEvaluation.empty()).texts()).isEmpty();
    }
}
