package io.github.deltallm.evaluation;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An item of a task, ready for a model.
 *
 * @param id unique within the task
 * @param sequences what is to be scored
 * @param prompt what is to be continued greedily
 * @param scorer what the answers are worth
 */
record Question(String id, List<Sequence> sequences, Optional<Prompt> prompt, Scorer scorer) {

    /**
     * A prompt to be continued.
     *
     * @param ids its tokens
     * @param maxTokens how many tokens are generated at most; a line break or the end of the text
     *     ends it earlier
     */
    record Prompt(int[] ids, int maxTokens) {}

    /**
     * What came of it.
     *
     * @param logLikelihoods of the scored tokens of each sequence, in nats
     * @param text what was generated, up to the first line break; empty without a prompt
     */
    record Answers(List<double[]> logLikelihoods, String text) {

        /** The log-likelihood of all scored tokens of a sequence. */
        double sum(int sequence) {
            double sum = 0;
            for (double token : logLikelihoods.get(sequence)) {
                sum += token;
            }
            return sum;
        }
    }

    /** Makes measures of answers. */
    @FunctionalInterface
    interface Scorer {
        /** Numbers by name; most have one number, texts have one for every part. */
        Map<String, double[]> score(Answers answers);
    }

    /** How many tokens are to be computed, if what all sequences begin with is computed once. */
    int tokens() {
        int longest = prompt.map(asked -> asked.ids().length).orElse(0);
        int scored = prompt.map(Prompt::maxTokens).orElse(0);
        for (Sequence sequence : sequences) {
            longest = Math.max(longest, sequence.scoredFrom());
            scored += sequence.ids().length - sequence.scoredFrom();
        }
        return longest + scored;
    }
}
