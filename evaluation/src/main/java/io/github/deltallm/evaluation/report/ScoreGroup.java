package io.github.deltallm.evaluation.report;

import io.github.deltallm.evaluation.result.Score;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The scores of one task by one metric.
 *
 * @param scores one for each attention, dense first
 */
record ScoreGroup(String task, String metric, List<Score> scores) {
    ScoreGroup {
        scores = List.copyOf(scores);
    }

    /** All groups, in the order of the run. */
    static List<ScoreGroup> of(List<Score> scores) {
        record Key(String task, String metric) {}
        Map<Key, List<Score>> byKey = new LinkedHashMap<>();
        for (Score score : scores) {
            byKey.computeIfAbsent(new Key(score.task(), score.metric()), _ -> new ArrayList<>())
                    .add(score);
        }
        return byKey.entrySet().stream()
                .map(e -> new ScoreGroup(e.getKey().task(), e.getKey().metric(), e.getValue()))
                .toList();
    }

    /** The groups with the metric that each task names first: what a task is judged by. */
    static List<ScoreGroup> leading(List<ScoreGroup> groups) {
        Set<String> seen = new HashSet<>();
        return groups.stream().filter(group -> seen.add(group.task())).toList();
    }

    String name() {
        return task.equals(metric) ? task : task + ", " + metric;
    }

    /** Whether it is a perplexity, whose differences are relative. */
    boolean perplexity() {
        return !scores.getFirst().higherIsBetter();
    }

    Optional<Score> dense() {
        return scores.stream().filter(score -> score.attention().equals(Sweeps.DENSE)).findFirst();
    }

    /** The scores of all attentions but dense. */
    List<Score> others() {
        return scores.stream().filter(score -> !score.attention().equals(Sweeps.DENSE)).toList();
    }
}
