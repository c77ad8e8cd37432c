package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Tokens to be computed, and what is wanted of them.
 *
 * @param asked whose they are
 * @param ids the tokens
 * @param rows how many of them are computed: the last scored token itself is not
 * @param context how many of them are the context, or the prompt
 * @param length tokens of the whole sequence
 * @param logLikelihoods where those of the tokens behind the context go
 * @param prompt what is to be continued behind the rows
 */
record Target(
        Asked asked,
        int[] ids,
        int rows,
        int context,
        int length,
        double[] logLikelihoods,
        Optional<Question.Prompt> prompt) {

    static Target scored(Asked asked, Sequence sequence, double[] logLikelihoods) {
        int length = sequence.ids().length;
        return new Target(
                asked,
                sequence.ids(),
                length - 1,
                sequence.scoredFrom(),
                length,
                logLikelihoods,
                Optional.empty());
    }

    static Target continued(Asked asked, Question.Prompt prompt) {
        int length = prompt.ids().length;
        return new Target(
                asked, prompt.ids(), length, length, length, new double[0], Optional.of(prompt));
    }

    /** All targets of a question. */
    static List<Target> of(Asked asked) {
        List<Target> targets = new ArrayList<>();
        for (int s = 0; s < asked.question().sequences().size(); s++) {
            targets.add(
                    scored(asked, asked.question().sequences().get(s), asked.logLikelihoods(s)));
        }
        asked.question().prompt().ifPresent(prompt -> targets.add(continued(asked, prompt)));
        return targets;
    }

    /** The first row whose logits are wanted. */
    int firstWanted() {
        return context - 1;
    }

    /** Whether the rows begin with tokens, and what is wanted comes behind them. */
    boolean beginsWith(int[] begun) {
        return begun.length <= firstWanted()
                && Arrays.equals(ids, 0, begun.length, begun, 0, begun.length);
    }

    /** How many rows both have in common. */
    int common(Target other) {
        int shorter = Math.min(rows, other.rows);
        int mismatch = Arrays.mismatch(ids, 0, shorter, other.ids, 0, shorter);
        return mismatch < 0 ? shorter : mismatch;
    }
}
