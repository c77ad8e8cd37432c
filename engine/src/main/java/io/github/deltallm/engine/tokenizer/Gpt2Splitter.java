package io.github.deltallm.engine.tokenizer;

/**
 * GPT-2's words, by the first alternative that matches:
 *
 * <pre>
 * 's|'t|'re|'ve|'m|'ll|'d
 * (space)?\p{L}+
 * (space)?\p{N}+
 * (space)?[^\s\p{L}\p{N}]+
 * \s+(?!\S)
 * \s+
 * </pre>
 */
final class Gpt2Splitter implements Splitter {
    @Override
    public void split(int[] characters, int from, int to, Words words) {
        int at = from;
        while (at < to) {
            int end = wordEnd(characters, at, to);
            words.word(at, end);
            at = end;
        }
    }

    private static int wordEnd(int[] characters, int at, int to) {
        int contraction = Splitter.contraction(characters, at, to, false);
        if (contraction > 0) {
            return at + contraction;
        }
        int start = characters[at] == ' ' ? at + 1 : at;
        int kind = Splitter.classAt(characters, start, to);
        if (kind != CharacterClass.NONE && kind != CharacterClass.SPACE) {
            return Splitter.runEnd(characters, start, to, kind);
        }
        int runEnd = Splitter.runEnd(characters, at, to, CharacterClass.SPACE);
        return Splitter.spaceEnd(at, runEnd, to);
    }
}
