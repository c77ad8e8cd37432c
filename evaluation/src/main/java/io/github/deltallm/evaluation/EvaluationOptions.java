package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;

import java.nio.file.Path;
import java.util.List;

/**
 * What is evaluated.
 *
 * @param tasks what is asked
 * @param attentions under which attentions, see {@link AttentionSweep}; the first is dense
 * @param limit items of a task at most, drawn by the seed; 0 for all
 * @param seed which items and examples are drawn
 * @param shots examples in front of every item; they are not items themselves
 * @param window tokens of a window of a text; 0 for what the model allows, at most 1,024
 * @param stride tokens from window to window; 0 for half a window
 * @param maxTokens longest generated answer
 * @param speedDepths depths at which speed is measured; none for no measurement
 */
public record EvaluationOptions(
        List<Source> tasks,
        List<AttentionSpec> attentions,
        int limit,
        long seed,
        int shots,
        int window,
        int stride,
        int maxTokens,
        List<Integer> speedDepths) {
    /** What generated answers may be long at most, as lm-evaluation-harness has it. */
    public static final int MAX_TOKENS = 256;

    public EvaluationOptions {
        tasks = List.copyOf(tasks);
        attentions = List.copyOf(attentions);
        speedDepths = List.copyOf(speedDepths);
        if (tasks.isEmpty()) {
            throw new InvalidOptionException("there is no task to evaluate; give one with --task");
        }
        if (attentions.isEmpty() || !attentions.getFirst().equals(AttentionSweep.DENSE)) {
            throw new InvalidOptionException(
                    "the first attention of an evaluation must be dense: all others are compared"
                            + " with it");
        }
        atLeast("limit", limit, 0);
        atLeast("shots", shots, 0);
        atLeast("window", window, 0);
        atLeast("stride", stride, 0);
        atLeast("max-tokens", maxTokens, 1);
        speedDepths.forEach(depth -> atLeast("speed", depth, 0));
    }

    /** All items of some tasks, without examples. */
    public static EvaluationOptions of(List<Source> tasks, List<AttentionSpec> attentions) {
        return new EvaluationOptions(tasks, attentions, 0, 0, 0, 0, 0, MAX_TOKENS, List.of());
    }

    /**
     * A task and its data.
     *
     * @param task which
     * @param data a file in one of the forms that the task reads
     */
    public record Source(TaskKind task, Path data) {}

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new InvalidOptionException(
                    "the option " + option + " must be at least " + least + ", not " + value);
        }
    }
}
