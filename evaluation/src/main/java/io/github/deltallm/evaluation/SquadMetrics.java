package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * SQuAD v2's metrics: all questions, those with an answer and those without; and the best that a
 * threshold for the probability of no answer gives.
 */
final class SquadMetrics {
    private static final Predicate<ItemResult> ANSWERABLE = item -> item.value("answerable") == 1;

    private SquadMetrics() {}

    static List<Metric> all() {
        return List.of(
                Metric.mean("exact", "exact"),
                Metric.mean("f1", "f1"),
                Metric.meanWhere("HasAns_exact", "exact", ANSWERABLE),
                Metric.meanWhere("HasAns_f1", "f1", ANSWERABLE),
                Metric.meanWhere("NoAns_exact", "exact", ANSWERABLE.negate()),
                Metric.meanWhere("NoAns_f1", "f1", ANSWERABLE.negate()),
                best("best_exact", "exact"),
                best("best_f1", "f1"));
    }

    private static Metric best(String name, String measure) {
        return new Metric(name, true, false, results -> best(results, measure));
    }

    /**
     * The scores of the items where those that are the likeliest to have no answer are given none.
     * How many is chosen so that the sum is the largest; of equal sums, as few as possible keep
     * their answer.
     */
    static Observations best(List<ItemResult> results, String measure) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            order.add(i);
        }
        order.sort(Comparator.comparingDouble(i -> results.get(i).value("no_answer")));
        double sum = results.stream().filter(ANSWERABLE.negate()).count();
        double largest = sum;
        int answered = 0;
        for (int rank = 0; rank < order.size(); rank++) {
            ItemResult item = results.get(order.get(rank));
            sum += kept(item, measure) - withdrawn(item);
            if (sum > largest) {
                largest = sum;
                answered = rank + 1;
            }
        }
        double[] scores = new double[results.size()];
        for (int rank = 0; rank < scores.length; rank++) {
            ItemResult item = results.get(order.get(rank));
            scores[order.get(rank)] = rank < answered ? kept(item, measure) : withdrawn(item);
        }
        return Metric.equal(scores);
    }

    private static double kept(ItemResult item, String measure) {
        return ANSWERABLE.test(item) ? item.value(measure) : 1 - item.value("given");
    }

    private static double withdrawn(ItemResult item) {
        return ANSWERABLE.test(item) ? 0 : 1;
    }
}
