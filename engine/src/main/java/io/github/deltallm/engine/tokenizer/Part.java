package io.github.deltallm.engine.tokenizer;

import java.util.Objects;

/**
 * A piece of a prompt and whether its author may write control tokens.
 *
 * <p>A template's own text may: its {@code <|im_start|>} is one token. What a user typed may not:
 * there the same characters are ordinary text. Parts meet without a seam; only tokens that stand
 * for themselves separate what the ordinary tokenization sees as one text.
 *
 * @param text may be empty
 * @param parseSpecial whether control tokens that lie wholly in such parts are recognised
 */
public record Part(String text, boolean parseSpecial) {
    public Part {
        Objects.requireNonNull(text, "text");
    }

    /** Text that may hold control tokens. */
    public static Part trusted(String text) {
        return new Part(text, true);
    }

    /** Text in which control tokens are ordinary characters. */
    public static Part untrusted(String text) {
        return new Part(text, false);
    }
}
