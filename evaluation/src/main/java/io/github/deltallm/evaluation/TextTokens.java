package io.github.deltallm.evaluation;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import java.util.Arrays;

/**
 * Texts as tokens, the way lm-evaluation-harness makes them: special tokens are not parsed, and
 * what does not fit into the context is cut off on the left. BOS is added where the model wants it.
 */
final class TextTokens {
    private final Tokenizer tokenizer;
    private final boolean addBos;
    private final int context;

    TextTokens(Model model) {
        tokenizer = model.tokenizer();
        addBos = tokenizer.addBosByDefault();
        context = model.context();
    }

    int[] encode(String text) {
        return tokenizer.encode(text, false, addBos);
    }

    /**
     * A context and what follows it: the tokens of the whole, cut where the tokens of the context
     * alone end. Space at the context's end belongs to what follows.
     *
     * @throws InvalidOptionException if there is nothing to score
     */
    Sequence pair(String before, String continuation) {
        String stripped = before.stripTrailing();
        int[] head = encode(stripped);
        int[] whole = encode(stripped + before.substring(stripped.length()) + continuation);
        if (head.length == 0 || head.length >= whole.length) {
            throw new InvalidOptionException(
                    "the item '"
                            + before
                            + continuation
                            + "' has no tokens to be scored behind its context");
        }
        int[] ids = Arrays.copyOf(head, whole.length);
        System.arraycopy(whole, head.length, ids, head.length, whole.length - head.length);
        // The last token is scored but not computed, so one more fits.
        return new Sequence(ids, head.length).endingWithin(context + 1);
    }

    /** A prompt with room for what is generated. */
    Question.Prompt prompt(String text, int maxTokens) {
        int room = context - Math.min(maxTokens, context / 2);
        int[] ids = encode(text);
        return new Question.Prompt(
                ids.length <= room ? ids : Arrays.copyOfRange(ids, ids.length - room, ids.length),
                maxTokens);
    }
}
