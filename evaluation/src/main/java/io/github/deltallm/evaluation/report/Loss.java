package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Score;

/** What counts as a loss against dense attention. */
final class Loss {
    /** By how much a perplexity may rise. */
    static final double PERPLEXITY = 0.005;

    private Loss() {}

    /**
     * Whether a score shows none: a perplexity at most half a percent above the dense one, any
     * other score within noise of it or better.
     */
    static boolean none(Score score) {
        return score.difference().map(difference -> none(score, difference)).orElse(false);
    }

    private static boolean none(Score score, Difference difference) {
        return score.higherIsBetter()
                ? difference.inNoise() || difference.value() > 0
                : difference.value() <= PERPLEXITY;
    }

    /** Whether the difference can't be told from chance; so can't that of dense itself. */
    static boolean inNoise(Score score) {
        return score.difference().map(Difference::inNoise).orElse(true);
    }
}
