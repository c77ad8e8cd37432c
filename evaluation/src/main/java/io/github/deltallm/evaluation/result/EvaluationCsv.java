package io.github.deltallm.evaluation.result;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** The scores as CSV (RFC 4180), a line each, names in the first; what is unknown is empty. */
public final class EvaluationCsv {
    private static final List<String> COLUMNS =
            List.of(
                    "task",
                    "attention",
                    "metric",
                    "value",
                    "stderr",
                    "n",
                    "difference",
                    "difference_stderr",
                    "difference_low",
                    "difference_high",
                    "p_value",
                    "in_noise",
                    "delta_zero_fraction",
                    "skipped_mac_fraction",
                    "prefill_skipped_mac_fraction",
                    "decode_skipped_mac_fraction",
                    "value_delta_zero_fraction",
                    "value_skipped_mac_fraction",
                    "key_bytes",
                    "value_bytes",
                    "dense_key_bytes",
                    "dense_value_bytes",
                    "tokens_per_s");

    private EvaluationCsv() {}

    /** All lines, each with its line break. */
    public static String of(Evaluation evaluation) {
        StringBuilder text = new StringBuilder(String.join(",", COLUMNS)).append("\r\n");
        for (Score score : evaluation.scores()) {
            text.append(line(score)).append("\r\n");
        }
        return text.toString();
    }

    private static String line(Score score) {
        StringJoiner line = new StringJoiner(",");
        line.add(quoted(score.task())).add(quoted(score.attention())).add(quoted(score.metric()));
        line.add(number(score.value())).add(number(score.stderr())).add(Long.toString(score.n()));
        score.difference()
                .ifPresentOrElse(
                        difference ->
                                line.add(number(difference.value()))
                                        .add(number(difference.stderr()))
                                        .add(number(difference.low()))
                                        .add(number(difference.high()))
                                        .add(number(difference.pValue()))
                                        .add(Boolean.toString(difference.inNoise())),
                        () -> line.add("").add("").add("").add("").add("").add(""));
        Sparsity sparsity = score.sparsity();
        line.add(number(sparsity.deltaZeroFraction()))
                .add(number(sparsity.skippedMacFraction()))
                .add(number(sparsity.prefillSkippedMacFraction()))
                .add(number(sparsity.decodeSkippedMacFraction()))
                .add(number(sparsity.valueDeltaZeroFraction()))
                .add(number(sparsity.valueSkippedMacFraction()))
                .add(Long.toString(sparsity.keyBytes()))
                .add(Long.toString(sparsity.valueBytes()))
                .add(Long.toString(sparsity.denseKeyBytes()))
                .add(Long.toString(sparsity.denseValueBytes()))
                .add(number(score.tokensPerSecond()));
        return line.toString();
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "";
    }

    private static String quoted(String text) {
        return text.matches("[^\",\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
