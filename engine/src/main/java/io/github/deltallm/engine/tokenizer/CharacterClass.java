package io.github.deltallm.engine.tokenizer;

import java.util.Arrays;

/**
 * The classes of characters that pre-tokenizers tell apart: {@code \p{L}}, {@code \p{N}}, {@code
 * \s} and the rest.
 *
 * <p>Models were trained on some version of Unicode, and llama.cpp freezes 15.1. The letters,
 * numbers and punctuation that Unicode 16 (Java 25) added after that count as unassigned here, so
 * that a text has the same tokens under every Java.
 */
final class CharacterClass {
    static final int NONE = 0;
    static final int LETTER = 1;
    static final int NUMBER = 2;
    static final int SPACE = 3;
    static final int OTHER = 4;

    private static final int LETTERS =
            1 << Character.UPPERCASE_LETTER
                    | 1 << Character.LOWERCASE_LETTER
                    | 1 << Character.TITLECASE_LETTER
                    | 1 << Character.MODIFIER_LETTER
                    | 1 << Character.OTHER_LETTER;
    private static final int NUMBERS =
            1 << Character.DECIMAL_DIGIT_NUMBER
                    | 1 << Character.LETTER_NUMBER
                    | 1 << Character.OTHER_NUMBER;
    private static final int PUNCTUATION =
            1 << Character.DASH_PUNCTUATION
                    | 1 << Character.START_PUNCTUATION
                    | 1 << Character.END_PUNCTUATION
                    | 1 << Character.CONNECTOR_PUNCTUATION
                    | 1 << Character.OTHER_PUNCTUATION
                    | 1 << Character.INITIAL_QUOTE_PUNCTUATION
                    | 1 << Character.FINAL_QUOTE_PUNCTUATION;

    /** First and last of each range of letters, numbers and punctuation new in Unicode 16. */
    private static final int[] NEWER = {
        0x1B4E, 0x1B4F, 0x1B7F, 0x1B7F, 0x1C89, 0x1C8A, 0xA7CB, 0xA7CD,
        0xA7DA, 0xA7DC, 0x105C0, 0x105F3, 0x10D40, 0x10D65, 0x10D6E, 0x10D85,
        0x10EC2, 0x10EC4, 0x11380, 0x11389, 0x1138B, 0x1138B, 0x1138E, 0x1138E,
        0x11390, 0x113B5, 0x113B7, 0x113B7, 0x113D1, 0x113D1, 0x113D3, 0x113D5,
        0x113D7, 0x113D8, 0x116D0, 0x116E3, 0x11BC0, 0x11BE1, 0x11BF0, 0x11BF9,
        0x13460, 0x143FA, 0x16100, 0x1611D, 0x16130, 0x16139, 0x16D40, 0x16D79,
        0x18CFF, 0x18CFF, 0x1CCF0, 0x1CCF9, 0x1E5D0, 0x1E5ED, 0x1E5F0, 0x1E5FA,
        0x1E5FF, 0x1E5FF,
    };

    private CharacterClass() {}

    static int of(int codePoint) {
        int category = 1 << Character.getType(codePoint);
        if ((category & (LETTERS | NUMBERS)) != 0) {
            if (newer(codePoint)) {
                return OTHER;
            }
            return (category & LETTERS) != 0 ? LETTER : NUMBER;
        }
        return space(codePoint) ? SPACE : OTHER;
    }

    /** {@code \p{P}}. */
    static boolean punctuation(int codePoint) {
        return (1 << Character.getType(codePoint) & PUNCTUATION) != 0 && !newer(codePoint);
    }

    /** Unicode's White_Space, which is neither of Java's two notions. */
    private static boolean space(int codePoint) {
        if (codePoint < 0x80) {
            return codePoint == ' ' || (codePoint >= '\t' && codePoint <= '\r');
        }
        return codePoint == 0x85 || Character.isSpaceChar(codePoint);
    }

    private static boolean newer(int codePoint) {
        if (codePoint < NEWER[0]) {
            return false;
        }
        int at = Arrays.binarySearch(NEWER, codePoint);
        return at >= 0 || (-at - 1) % 2 == 1;
    }
}
