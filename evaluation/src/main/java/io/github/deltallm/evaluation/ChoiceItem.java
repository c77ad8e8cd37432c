package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A question with a few answers; the model's is the one with the largest log-likelihood ({@code
 * acc}), or the largest a character ({@code acc_norm}).
 *
 * @param contexts what comes before an answer's scored text, one a choice
 * @param continuations the scored texts
 * @param lengths characters of the answers for {@code acc_norm}; empty where it is not used
 * @param gold index of the right choice
 */
record ChoiceItem(
        String id,
        List<String> contexts,
        List<String> continuations,
        List<Integer> lengths,
        int gold)
        implements Item {
    ChoiceItem {
        contexts = List.copyOf(contexts);
        continuations = List.copyOf(continuations);
        lengths = List.copyOf(lengths);
    }

    /** One context, several answers behind a space. */
    static ChoiceItem ofAnswers(String id, String context, List<String> answers, int gold) {
        return new ChoiceItem(
                id,
                answers.stream().map(answer -> context).toList(),
                answers.stream().map(answer -> " " + answer).toList(),
                answers.stream().map(answer -> answer.codePointCount(0, answer.length())).toList(),
                gold);
    }

    /** Several contexts, one continuation behind a space: partial scoring (arXiv 1806.02847). */
    static ChoiceItem ofContexts(String id, List<String> contexts, String continuation, int gold) {
        return new ChoiceItem(
                id,
                contexts,
                contexts.stream().map(context -> " " + continuation).toList(),
                List.of(),
                gold);
    }

    @Override
    public String example() {
        return contexts.get(gold) + continuations.get(gold);
    }

    @Override
    public Question question(TextTokens tokens, String prefix) {
        List<Sequence> sequences = new ArrayList<>();
        for (int choice = 0; choice < contexts.size(); choice++) {
            sequences.add(tokens.pair(prefix + contexts.get(choice), continuations.get(choice)));
        }
        return new Question(id, sequences, Optional.empty(), this::score);
    }

    private Map<String, double[]> score(Question.Answers answers) {
        double[] sums = new double[contexts.size()];
        double[] means = new double[contexts.size()];
        for (int choice = 0; choice < sums.length; choice++) {
            sums[choice] = answers.sum(choice);
            means[choice] = lengths.isEmpty() ? 0 : sums[choice] / lengths.get(choice);
        }
        Map<String, double[]> values = new HashMap<>();
        values.put("acc", right(sums));
        if (!lengths.isEmpty()) {
            values.put("acc_norm", right(means));
        }
        return values;
    }

    private double[] right(double[] scores) {
        int largest = 0;
        for (int choice = 1; choice < scores.length; choice++) {
            if (scores[choice] > scores[largest]) {
                largest = choice;
            }
        }
        return new double[] {largest == gold ? 1 : 0};
    }
}
