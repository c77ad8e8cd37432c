package io.github.deltallm.evaluation;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A key whose value is to be found in a long object. Right if the value occurs in what is generated
 * (arXiv 2307.03172). How likely the model holds it, a token, is kept beside that: small models are
 * never right, but hold it more or less likely.
 *
 * @param prompt ends where the value begins
 * @param value to be found
 */
record RetrievalItem(String id, String prompt, String value) implements Item {
    /** More than the tokens of a UUID. */
    private static final int MAX_TOKENS = 64;

    @Override
    public String example() {
        return prompt.stripTrailing() + " \"" + value + "\"";
    }

    @Override
    public Question question(TextTokens tokens, String prefix) {
        String whole = prefix + prompt.stripTrailing();
        return new Question(
                id,
                List.of(tokens.pair(whole, " \"" + value + "\"")),
                Optional.of(tokens.prompt(whole, MAX_TOKENS)),
                this::score);
    }

    private Map<String, double[]> score(Question.Answers answers) {
        boolean found =
                answers.text().toLowerCase(Locale.ROOT).contains(value.toLowerCase(Locale.ROOT));
        return Map.of(
                "acc", new double[] {found ? 1 : 0},
                "log_likelihood",
                        new double[] {answers.sum(0) / answers.logLikelihoods().getFirst().length});
    }
}
