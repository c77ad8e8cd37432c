package io.github.deltallm.evaluation;

import java.util.Arrays;

/**
 * Tokens whose last ones are to be scored, each given all before it.
 *
 * @param ids the tokens
 * @param scoredFrom index of the first token whose log-likelihood is wanted, at least 1
 */
record Sequence(int[] ids, int scoredFrom) {
    Sequence {
        if (scoredFrom < 1 || scoredFrom >= ids.length) {
            throw new IllegalArgumentException(
                    "of " + ids.length + " tokens, those from " + scoredFrom + " can't be scored");
        }
    }

    /** The last tokens, as many as fit. */
    Sequence endingWithin(int context) {
        int cut = Math.max(0, ids.length - context);
        return cut == 0
                ? this
                : new Sequence(
                        Arrays.copyOfRange(ids, cut, ids.length), Math.max(1, scoredFrom - cut));
    }
}
