package io.github.deltallm.evaluation.report;

import static io.github.deltallm.evaluation.report.DataTable.Column.number;
import static io.github.deltallm.evaluation.report.DataTable.Column.text;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Sparsity;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** The tables of scores and of what was skipped for them. */
final class ScoreTables {
    private ScoreTables() {}

    static DataTable scores(List<ScoreGroup> groups) {
        List<List<Cell>> rows = new ArrayList<>();
        for (ScoreGroup group : groups) {
            for (Score score : group.scores()) {
                rows.add(scoreRow(score));
            }
        }
        return new DataTable(
                "scores",
                "Scores, and how they differ from dense",
                3,
                List.of(
                        text("Task", "task"),
                        text("Metric", "metric"),
                        number("Items", "n"),
                        text("Attention", "attention"),
                        number("MACs skipped", "skipped_mac_fraction"),
                        number("Score", "value"),
                        number("± s.e.", "stderr"),
                        number("Difference", "difference"),
                        number("95 % from", "difference_low"),
                        number("to", "difference_high"),
                        number("p", "p_value"),
                        text("Verdict", "verdict")),
                rows);
    }

    private static List<Cell> scoreRow(Score score) {
        return List.of(
                Cell.text(score.task()),
                Cell.text(score.metric()),
                new Cell(
                        Numbers.count(score.n()) + (score.n() == 1 ? " item" : " items"),
                        Long.toString(score.n()),
                        false),
                Cell.text(score.attention()),
                Cell.percent(score.sparsity().skippedMacFraction(), 1),
                Cell.number(score.value(), _ -> ScoreText.value(score)),
                Cell.number(score.stderr(), _ -> ScoreText.error(score)),
                difference(score, Difference::value),
                difference(score, Difference::low),
                difference(score, Difference::high),
                score.difference()
                        .map(d -> Cell.number(d.pValue(), ScoreTables::probability))
                        .orElse(Cell.NONE),
                Cell.text(ScoreText.verdict(score)));
    }

    private static Cell difference(Score score, ToDoubleFunction<Difference> part) {
        Optional<Difference> difference = score.difference();
        return difference.isEmpty()
                ? Cell.NONE
                : Cell.number(
                        part.applyAsDouble(difference.get()),
                        v -> ScoreText.difference(score.higherIsBetter(), v));
    }

    private static String probability(double p) {
        return p < 0.001 ? "< 0.001" : Numbers.fixed(p, 3);
    }

    static DataTable sparsity(List<ScoreGroup> groups) {
        List<List<Cell>> rows = new ArrayList<>();
        for (ScoreGroup group : ScoreGroup.leading(groups)) {
            for (Score score : group.scores()) {
                rows.add(sparsityRow(score));
            }
        }
        return new DataTable(
                "sparsity",
                "What was skipped, and what the caches held",
                1,
                List.of(
                        text("Task", "task"),
                        text("Attention", "attention"),
                        number("Zeros in ΔK", "delta_zero_fraction"),
                        number("MACs skipped", "skipped_mac_fraction"),
                        number("in prompts", "prefill_skipped_mac_fraction"),
                        number("in generation", "decode_skipped_mac_fraction"),
                        number("Zeros in ΔV", "value_delta_zero_fraction"),
                        number("value MACs skipped", "value_skipped_mac_fraction"),
                        number("Key bytes", "key_bytes"),
                        number("dense bf16", "dense_key_bytes"),
                        number("Value bytes", "value_bytes"),
                        number("Tokens/s", "tokens_per_s")),
                rows);
    }

    private static List<Cell> sparsityRow(Score score) {
        Sparsity sparsity = score.sparsity();
        return List.of(
                Cell.text(score.task()),
                Cell.text(score.attention()),
                Cell.percent(sparsity.deltaZeroFraction(), 1),
                Cell.percent(sparsity.skippedMacFraction(), 1),
                Cell.percent(sparsity.prefillSkippedMacFraction(), 1),
                Cell.percent(sparsity.decodeSkippedMacFraction(), 1),
                Cell.percent(sparsity.valueDeltaZeroFraction(), 1),
                Cell.percent(sparsity.valueSkippedMacFraction(), 1),
                Cell.count(sparsity.keyBytes()),
                Cell.count(sparsity.denseKeyBytes()),
                Cell.count(sparsity.valueBytes()),
                Cell.decimal(score.tokensPerSecond(), 1));
    }
}
