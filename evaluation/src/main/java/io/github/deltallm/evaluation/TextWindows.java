package io.github.deltallm.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A long text in windows that overlap: every token is scored once, by the first window that it is
 * in. With a stride as long as the window they don't overlap, and the first token of each is not
 * scored, as {@code deltallm perplexity} does.
 */
final class TextWindows {
    /** Neighbouring tokens are not independent: statistics resample blocks of this many. */
    static final int BLOCK = 64;

    private TextWindows() {}

    /**
     * Cuts a text.
     *
     * @param window tokens of a window, at least 2
     * @param stride tokens from the start of a window to the start of the next, at most the window
     */
    static List<Question> of(int[] ids, int window, int stride) {
        List<Question> windows = new ArrayList<>();
        int scored = 0;
        for (int start = 0; scored < ids.length; start += stride) {
            int end = Math.min(start + window, ids.length);
            int from = Math.max(1, scored - start);
            if (from < end - start) {
                windows.add(
                        new Question(
                                Integer.toString(start),
                                List.of(new Sequence(Arrays.copyOfRange(ids, start, end), from)),
                                Optional.empty(),
                                TextWindows::score));
            }
            scored = end;
        }
        return windows;
    }

    private static Map<String, double[]> score(Question.Answers answers) {
        double[] tokens = answers.logLikelihoods().getFirst();
        int blocks = (tokens.length + BLOCK - 1) / BLOCK;
        double[] nll = new double[blocks];
        double[] count = new double[blocks];
        for (int i = 0; i < tokens.length; i++) {
            nll[i / BLOCK] -= tokens[i];
            count[i / BLOCK]++;
        }
        Map<String, double[]> values = new HashMap<>();
        values.put("nll", nll);
        values.put("tokens", count);
        return values;
    }
}
