package io.github.deltallm.calibration;

import io.github.deltallm.api.InvalidOptionException;

/**
 * What a calibration aims at. Start from {@link #DEFAULT} and change what you need.
 *
 * @param budget by how much the perplexity may rise, as a fraction: 0.005 is half a percent
 * @param window the exact window that the thresholds are for
 * @param sequence tokens of a sequence: the text is cut into sequences of this length
 * @param tokens how many tokens of the text are used at most
 * @param calibratedOn what the text is, for the profile's readers
 */
public record CalibrationOptions(
        double budget, WindowSize window, int sequence, int tokens, String calibratedOn) {
    /** Shorter texts say too little about a model. */
    public static final int FEWEST_TOKENS = 256;

    /** Half a percent, a window of 5 %, two sequences of 1,024 tokens. */
    public static final CalibrationOptions DEFAULT =
            new CalibrationOptions(0.005, WindowSize.DEFAULT, 1024, 2048, "");

    public CalibrationOptions {
        if (!(budget > 0 && budget <= 1)) {
            throw new InvalidOptionException(
                    "the budget must be more than 0 and at most 100 %, not " + 100 * budget + " %");
        }
        atLeast("sequence", sequence);
        atLeast("tokens", tokens);
    }

    public CalibrationOptions withBudget(double fraction) {
        return new CalibrationOptions(fraction, window, sequence, tokens, calibratedOn);
    }

    public CalibrationOptions withWindow(WindowSize size) {
        return new CalibrationOptions(budget, size, sequence, tokens, calibratedOn);
    }

    public CalibrationOptions withSequence(int length) {
        return new CalibrationOptions(budget, window, length, tokens, calibratedOn);
    }

    public CalibrationOptions withTokens(int most) {
        return new CalibrationOptions(budget, window, sequence, most, calibratedOn);
    }

    public CalibrationOptions withCalibratedOn(String description) {
        return new CalibrationOptions(budget, window, sequence, tokens, description);
    }

    private static void atLeast(String option, int value) {
        if (value < FEWEST_TOKENS) {
            throw new InvalidOptionException(
                    "the option "
                            + option
                            + " must be at least "
                            + FEWEST_TOKENS
                            + ", not "
                            + value);
        }
    }
}
