package io.github.deltallm.engine.tokenizer;

/**
 * Cuts a run of characters into words that merges never cross.
 *
 * <p>Each splitter stands for one regular expression of a model's pre-tokenizer; several are
 * applied one after the other, each to the words of the one before.
 */
@FunctionalInterface
interface Splitter {
    /** Receives the words in order; together they are the whole run. */
    @FunctionalInterface
    interface Words {
        void word(int from, int to);
    }

    /** Reports the words of {@code characters[from, to)}, code points, none of them empty. */
    void split(int[] characters, int from, int to, Words words);

    default Splitter then(Splitter next) {
        return (characters, from, to, words) ->
                split(
                        characters,
                        from,
                        to,
                        (wordFrom, wordTo) -> next.split(characters, wordFrom, wordTo, words));
    }

    /** Finds the end of a match that starts at a given character. */
    @FunctionalInterface
    interface Matcher {
        /** Where the match at {@code at} ends; {@code at} itself if there is none. */
        int end(int[] characters, int at, int to);
    }

    /** Makes a word of each match and of what lies between two. */
    static Splitter isolating(Matcher matcher) {
        return (characters, from, to, words) -> {
            int start = from;
            int at = from;
            while (at < to) {
                int end = matcher.end(characters, at, to);
                if (end == at) {
                    at++;
                    continue;
                }
                if (at > start) {
                    words.word(start, at);
                }
                words.word(at, end);
                start = end;
                at = end;
            }
            if (to > start) {
                words.word(start, to);
            }
        };
    }

    /** The class of a character, {@link CharacterClass#NONE} beyond the end. */
    static int classAt(int[] characters, int at, int to) {
        return at < to ? CharacterClass.of(characters[at]) : CharacterClass.NONE;
    }

    /** Where the run of characters of this class ends. */
    static int runEnd(int[] characters, int at, int to, int characterClass) {
        int end = at;
        while (classAt(characters, end, to) == characterClass) {
            end++;
        }
        return end;
    }

    /**
     * Where a run of white space from {@code at} is cut: before its last character if something
     * follows, so that a word keeps one space of its own; {@code \s+(?!\S)|\s+}.
     */
    static int spaceEnd(int at, int runEnd, int to) {
        return runEnd - at > 1 && runEnd < to ? runEnd - 1 : runEnd;
    }

    /** Length of an English ending such as {@code 's} or {@code 'll} here, or 0. */
    static int contraction(int[] characters, int at, int to, boolean anyCase) {
        if (characters[at] != '\'' || at + 1 >= to) {
            return 0;
        }
        int first = folded(characters[at + 1], anyCase);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return 2;
        }
        if (at + 2 >= to) {
            return 0;
        }
        int second = folded(characters[at + 2], anyCase);
        boolean reOrVe = (first == 'r' || first == 'v') && second == 'e';
        return reOrVe || (first == 'l' && second == 'l') ? 3 : 0;
    }

    private static int folded(int character, boolean anyCase) {
        return anyCase && character >= 'A' && character <= 'Z' ? character + 32 : character;
    }
}
