package io.github.deltallm.evaluation.report;

/** Text of others, such as the name of a model, made fit to be shown. */
final class VisibleText {
    private static final int REPLACEMENT = 0xFFFD;
    private static final String ELLIPSIS = "…";

    private VisibleText() {}

    /**
     * The text without what can't be shown or would reorder what stands around it: control
     * characters, marks of direction, halves of surrogate pairs and noncharacters become U+FFFD. A
     * tab or the end of a line becomes a space.
     */
    static String of(String text) {
        if (text.codePoints().allMatch(VisibleText::harmless)) {
            return text;
        }
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().map(VisibleText::replaced).forEach(visible::appendCodePoint);
        return visible.toString();
    }

    /** The text, or its beginning with an ellipsis where it is longer than {@code most}. */
    static String shortened(String text, int most) {
        String visible = of(text);
        if (visible.codePointCount(0, visible.length()) <= most) {
            return visible;
        }
        return visible.substring(0, visible.offsetByCodePoints(0, most - 1)).stripTrailing()
                + ELLIPSIS;
    }

    private static int replaced(int c) {
        if (c == '\n' || c == '\r' || c == '\t') {
            return ' ';
        }
        return harmless(c) ? c : REPLACEMENT;
    }

    private static boolean harmless(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE -> false;
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.FORMAT -> !reorders(c);
            default -> (c & 0xFFFE) != 0xFFFE;
        };
    }

    private static boolean reorders(int c) {
        return c == 0x061C
                || c == 0x200E
                || c == 0x200F
                || (c >= 0x202A && c <= 0x202E)
                || (c >= 0x2066 && c <= 0x2069);
    }
}
