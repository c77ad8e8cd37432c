package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Score;

/** Scores in words: fractions as percent, their differences as points, perplexities as they are. */
final class ScoreText {
    private ScoreText() {}

    static String value(Score score) {
        return finite(score, score.value());
    }

    static String error(Score score) {
        return finite(score, score.stderr());
    }

    private static String finite(Score score, double value) {
        if (!Double.isFinite(value)) {
            return Double.isNaN(value) ? "not a number" : "infinite";
        }
        return score.higherIsBetter() ? Numbers.percent(value, 1) : Numbers.fixed(value, 2);
    }

    /** The difference from dense, with its sign. */
    static String difference(boolean higherIsBetter, double value) {
        if (!Double.isFinite(value)) {
            return "not a number";
        }
        return higherIsBetter
                ? Numbers.signed(value * 100, 1) + " points"
                : Numbers.signedPercent(value, 2);
    }

    /** Everything about a score in one line. */
    static String all(Score score) {
        String difference =
                score.difference()
                        .map(d ->
                                "; "
                                        + difference(score.higherIsBetter(), d.value())
                                        + " against dense, "
                                        + verdict(score))
                        .orElse("");
        return score.attention()
                + ": "
                + score.metric()
                + " "
                + value(score)
                + " ± "
                + error(score)
                + ", "
                + Numbers.percent(score.sparsity().skippedMacFraction(), 1)
                + " of the score MACs skipped"
                + difference;
    }

    /** Whether the difference from dense is more than noise. */
    static String verdict(Score score) {
        return score.difference()
                .map(difference -> {
                    if (difference.inNoise()) {
                        return "within noise";
                    }
                    boolean more = difference.value() > 0;
                    return more == score.higherIsBetter() ? "better" : "worse";
                })
                .orElse("");
    }
}
