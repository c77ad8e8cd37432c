package io.github.deltallm.cli;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.Score;

import java.util.Locale;

/** An evaluation's scores as people read them. */
final class EvaluationTable {
    private EvaluationTable() {}

    static Table of(Evaluation evaluation) {
        Table table =
                new Table(
                        "task",
                        "metric",
                        "attention",
                        "value>",
                        "stderr>",
                        "n>",
                        "against dense>",
                        "zeros>",
                        "skipped>",
                        "in prompts>",
                        "of values>",
                        "key bits>",
                        "tokens/s>");
        for (Score score : evaluation.scores()) {
            table.row(
                    score.task(),
                    score.metric(),
                    score.attention(),
                    real(score.value()),
                    real(score.stderr()),
                    Long.toString(score.n()),
                    score.difference().map(found -> difference(score, found)).orElse(""),
                    Units.percent(score.sparsity().deltaZeroFraction()),
                    Units.percent(score.sparsity().skippedMacFraction()),
                    Units.percent(score.sparsity().prefillSkippedMacFraction()),
                    Units.percent(score.sparsity().valueSkippedMacFraction()),
                    String.format(Locale.ROOT, "%.1f", score.sparsity().keyBits()),
                    String.format(Locale.ROOT, "%.0f", score.tokensPerSecond()));
        }
        return table;
    }

    private static String real(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4f", value) : "-";
    }

    private static String difference(Score score, Difference difference) {
        String number =
                score.higherIsBetter()
                        ? String.format(Locale.ROOT, "%+.4f", difference.value())
                        : String.format(Locale.ROOT, "%+.2f %%", 100 * difference.value());
        return number + (difference.inNoise() ? " (noise)" : "");
    }
}
