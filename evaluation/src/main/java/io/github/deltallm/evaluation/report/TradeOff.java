package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Sparsity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What one attention skips, and what that costs.
 *
 * @param attention the specification
 * @param perplexities one for each text
 * @param tasks one for each task, by its first metric
 */
record TradeOff(String attention, List<Score> perplexities, List<Score> tasks) {
    TradeOff {
        perplexities = List.copyOf(perplexities);
        tasks = List.copyOf(tasks);
    }

    /** One for each attention but dense, in the order of the run. */
    static List<TradeOff> of(List<ScoreGroup> groups) {
        Map<String, TradeOff> byAttention = new LinkedHashMap<>();
        for (ScoreGroup group : ScoreGroup.leading(groups)) {
            for (Score score : group.others()) {
                byAttention.merge(score.attention(), of(score), TradeOff::plus);
            }
        }
        return List.copyOf(byAttention.values());
    }

    private static TradeOff of(Score score) {
        List<Score> one = List.of(score);
        return score.higherIsBetter()
                ? new TradeOff(score.attention(), List.of(), one)
                : new TradeOff(score.attention(), one, List.of());
    }

    private TradeOff plus(TradeOff other) {
        return new TradeOff(
                attention, both(perplexities, other.perplexities), both(tasks, other.tasks));
    }

    private static List<Score> both(List<Score> first, List<Score> second) {
        List<Score> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** The one that skips most, of those that skip something and lose nothing. */
    static Optional<TradeOff> best(List<TradeOff> all) {
        return all.stream()
                .filter(one -> one.lossless() && one.skipped() > 0)
                .max(Comparator.comparingDouble(TradeOff::skipped));
    }

    /** Whether no score of it shows a loss. */
    boolean lossless() {
        return perplexities.stream().allMatch(Loss::none) && tasks.stream().allMatch(Loss::none);
    }

    /**
     * What it skips: of the texts, where it skips least; of the tasks where there is no text.
     * Questions of tasks may be so short that there is nothing to skip.
     */
    Sparsity sparsity() {
        return (perplexities.isEmpty() ? tasks : perplexities)
                .stream()
                        .map(Score::sparsity)
                        .min(Comparator.comparingDouble(Sparsity::skippedMacFraction))
                        .orElseThrow();
    }

    double skipped() {
        return sparsity().skippedMacFraction();
    }

    /** The largest rise of a perplexity, relative to dense; empty where there is no text. */
    OptionalDouble worstPerplexityChange() {
        return perplexities.stream()
                .flatMap(score -> score.difference().stream())
                .mapToDouble(difference -> difference.value())
                .max();
    }

    /** The lowest difference of a task's score from the dense one; empty without tasks. */
    OptionalDouble worstTaskDifference() {
        return tasks.stream()
                .flatMap(score -> score.difference().stream())
                .mapToDouble(difference -> difference.value())
                .min();
    }

    /** How many tasks show no loss. */
    long tasksWithoutLoss() {
        return tasks.stream().filter(Loss::none).count();
    }
}
