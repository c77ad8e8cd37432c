package io.github.deltallm.evaluation.report;

/**
 * How wide text is, about: the fonts are those of the reader's machine. Rather too wide than too
 * narrow for the common ones.
 */
final class TextWidth {
    private TextWidth() {}

    /** The width at a font size, in the size's unit. */
    static double of(String text, double size) {
        return size * text.codePoints().mapToDouble(TextWidth::em).sum();
    }

    private static double em(int c) {
        if (c > 0x2E80) {
            return 1;
        }
        if ("iljtfr.,:;'|!()[] \u202f\u00a0".indexOf(c) >= 0) {
            return 0.36;
        }
        if ("mwMW%@…".indexOf(c) >= 0) {
            return 0.95;
        }
        return Character.isUpperCase(c) ? 0.75 : 0.64;
    }
}
