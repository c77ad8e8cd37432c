package io.github.deltallm.evaluation;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A question of SQuAD v2, in the prompt of lm-evaluation-harness. The answer is generated; how
 * likely the model holds {@code unanswerable} is kept beside it.
 *
 * @param answers right answers; none if the text has no answer
 * @param maxTokens longest answer, in tokens
 */
record SquadItem(
        String id, String title, String context, String asked, List<String> answers, int maxTokens)
        implements Item {
    private static final String NO_ANSWER = " unanswerable";

    SquadItem {
        answers = List.copyOf(answers);
    }

    private String prompt() {
        return "Title: "
                + title
                + "\n\nBackground: "
                + context
                + "\n\nQuestion: "
                + asked
                + "\n\nAnswer:";
    }

    @Override
    public String example() {
        return prompt() + (answers.isEmpty() ? NO_ANSWER : " " + answers.getFirst());
    }

    @Override
    public Question question(TextTokens tokens, String prefix) {
        String prompt = prefix + prompt();
        return new Question(
                id,
                List.of(tokens.pair(prompt, NO_ANSWER)),
                Optional.of(tokens.prompt(prompt, maxTokens)),
                this::score);
    }

    Map<String, double[]> score(Question.Answers given) {
        String text = given.text().strip();
        return Map.of(
                "exact", one(SquadScore.exact(text, answers)),
                "f1", one(SquadScore.f1(text, answers)),
                "answerable", one(answers.isEmpty() ? 0 : 1),
                "given", one(text.isEmpty() ? 0 : 1),
                "no_answer", one(Math.exp(given.sum(0))));
    }

    private static double[] one(double value) {
        return new double[] {value};
    }
}
