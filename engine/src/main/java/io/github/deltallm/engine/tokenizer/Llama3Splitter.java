package io.github.deltallm.engine.tokenizer;

/**
 * The words of Llama 3 and Qwen 2, by the first alternative that matches:
 *
 * <pre>
 * (?i:'s|'t|'re|'ve|'m|'ll|'d)
 * [^\r\n\p{L}\p{N}]?\p{L}+
 * \p{N}{1,digits}
 * (space)?[^\s\p{L}\p{N}]+[\r\n]*
 * \s*[\r\n]+
 * \s+(?!\S)
 * \s+
 * </pre>
 *
 * @param digits how many digits a word has at most: 3 for Llama 3, 1 for Qwen 2
 */
record Llama3Splitter(int digits) implements Splitter {
    @Override
    public void split(int[] characters, int from, int to, Words words) {
        int at = from;
        while (at < to) {
            int end = wordEnd(characters, at, to);
            words.word(at, end);
            at = end;
        }
    }

    private int wordEnd(int[] characters, int at, int to) {
        int contraction = Splitter.contraction(characters, at, to, true);
        if (contraction > 0) {
            return at + contraction;
        }
        int first = characters[at];
        int kind = CharacterClass.of(first);
        int next = Splitter.classAt(characters, at + 1, to);
        boolean mayLead = !lineBreak(first) && kind != CharacterClass.NUMBER;
        if (mayLead && (kind == CharacterClass.LETTER || next == CharacterClass.LETTER)) {
            return Splitter.runEnd(characters, at + 1, to, CharacterClass.LETTER);
        }
        if (kind == CharacterClass.NUMBER) {
            int most = Math.min(to, at + digits);
            return Splitter.runEnd(characters, at, most, CharacterClass.NUMBER);
        }
        if ((first == ' ' ? next : kind) == CharacterClass.OTHER) {
            return symbolsEnd(characters, first == ' ' ? at + 1 : at, to);
        }
        return spacesEnd(characters, at, to);
    }

    private static int symbolsEnd(int[] characters, int at, int to) {
        int end = Splitter.runEnd(characters, at, to, CharacterClass.OTHER);
        while (end < to && lineBreak(characters[end])) {
            end++;
        }
        return end;
    }

    private static int spacesEnd(int[] characters, int at, int to) {
        int runEnd = Splitter.runEnd(characters, at, to, CharacterClass.SPACE);
        for (int end = runEnd; end > at; end--) {
            if (lineBreak(characters[end - 1])) {
                return end;
            }
        }
        return Splitter.spaceEnd(at, runEnd, to);
    }

    private static boolean lineBreak(int character) {
        return character == '\r' || character == '\n';
    }
}
