package io.github.deltallm.engine.template;

/** What Python takes for white space; Java's own notions leave out the no-break spaces. */
final class Whitespace {
    private Whitespace() {}

    static boolean is(int codePoint) {
        return (codePoint >= 0x09 && codePoint <= 0x0d)
                || (codePoint >= 0x1c && codePoint <= 0x20)
                || codePoint == 0x85
                || Character.isSpaceChar(codePoint);
    }

    static int leading(String text) {
        int end = 0;
        while (end < text.length() && is(text.charAt(end))) {
            end++;
        }
        return end;
    }

    /** The length without white space at the end. */
    static int trailing(String text) {
        return trailing(text, text.length());
    }

    /** The length of the first {@code length} characters without white space at their end. */
    static int trailing(String text, int length) {
        int end = length;
        while (end > 0 && is(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }
}
