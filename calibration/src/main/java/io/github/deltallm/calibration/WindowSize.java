package io.github.deltallm.calibration;

import io.github.deltallm.api.InvalidOptionException;

/**
 * How many of the last keys stay exact: a number of tokens, or a part of the declared prompt.
 *
 * @param text as it is written: {@code 64} or {@code 5%}
 * @param tokens the number, where it is one; else 0
 * @param fraction the part, where it is one; else 0
 */
public record WindowSize(String text, int tokens, double fraction) {
    /** As in the delta attention: a window in percent has at least this many keys. */
    private static final int LEAST = 32;

    /** Five percent of the prompt. */
    public static final WindowSize DEFAULT = parse("5%");

    /**
     * Reads {@code 64} or {@code 5%}.
     *
     * @throws InvalidOptionException if it is neither
     */
    public static WindowSize parse(String text) {
        try {
            if (text.endsWith("%")) {
                double fraction = Double.parseDouble(text.substring(0, text.length() - 1)) / 100;
                if (fraction > 0 && fraction <= 1) {
                    return new WindowSize(text, 0, fraction);
                }
            } else {
                int tokens = Integer.parseInt(text);
                if (tokens >= 1) {
                    return new WindowSize(text, tokens, 0);
                }
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new InvalidOptionException(
                "the window '"
                        + text
                        + "' is neither a number of tokens nor a percentage, such as 64 or 5%");
    }

    /** The window of a prompt of {@code declared} tokens. */
    public int of(int declared) {
        return fraction == 0 ? tokens : Math.max(LEAST, (int) Math.rint(fraction * declared));
    }

    @Override
    public String toString() {
        return text;
    }
}
