package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Metadata;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokens of a model as its file lists them: text, kind and score.
 *
 * <p>The table may hold more texts than there are tokens (operands of merges that are no tokens
 * themselves); they have the numbers from {@link #size} on.
 */
final class Vocabulary {
    static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String SCORES = "tokenizer.ggml.scores";
    private static final int MOST_TOKENS = 1 << 24;

    static final byte NORMAL = 1;
    static final byte UNKNOWN = 1 << 1;
    static final byte CONTROL = 1 << 2;
    static final byte USER_DEFINED = 1 << 3;
    static final byte BYTE = 1 << 4;

    private final TextTable texts;
    private final int size;
    private final byte[] kinds;
    private final float[] scores;
    private final int longest;

    private Vocabulary(TextTable texts, byte[] kinds, float[] scores, int longest) {
        this.texts = texts;
        this.size = kinds.length;
        this.kinds = kinds;
        this.scores = scores;
        this.longest = longest;
    }

    static Vocabulary of(Metadata metadata) {
        List<String> tokens =
                metadata.texts(TOKENS)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        metadata.source()
                                                + " has no tokenizer: the metadata key "
                                                + TOKENS
                                                + " is missing"));
        if (tokens.isEmpty() || tokens.size() > MOST_TOKENS) {
            throw new ModelFormatException(
                    "%s: the metadata key %s holds %d tokens, but it must hold from 1 to %d"
                            .formatted(metadata.source(), TOKENS, tokens.size(), MOST_TOKENS));
        }
        byte[] kinds = kinds(metadata, tokens.size());
        float[] scores = scores(metadata, tokens.size());
        return read(metadata, tokens, kinds, scores);
    }

    private static Vocabulary read(
            Metadata metadata, List<String> tokens, byte[] kinds, float[] scores) {
        TextTable texts = new TextTable(tokens.size());
        Utf8Buffer utf8 = new Utf8Buffer();
        int longest = 0;
        int id = 0;
        for (String token : tokens) {
            utf8.clear();
            utf8.append(token.isEmpty() ? "[EMPTY_" + id + "]" : token);
            int known = texts.intern(utf8.bytes(), 0, utf8.size());
            if (known != id) {
                throw new ModelFormatException(
                        "%s: the metadata key %s lists the same token twice, as %d and as %d: '%s'"
                                .formatted(metadata.source(), TOKENS, known, id, token));
            }
            longest = Math.max(longest, utf8.size());
            id++;
        }
        return new Vocabulary(texts, kinds, scores, longest);
    }

    private static byte[] kinds(Metadata metadata, int size) {
        byte[] kinds = new byte[size];
        Optional<int[]> types = metadata.integers(TYPES);
        checkLength(metadata, TYPES, types.map(all -> all.length), size);
        for (int id = 0; id < size; id++) {
            kinds[id] = types.isPresent() ? kind(types.get()[id]) : NORMAL;
        }
        return kinds;
    }

    /** From the numbers of GGUF; unused and undefined tokens have no kind. */
    private static byte kind(int type) {
        return switch (type) {
            case 1 -> NORMAL;
            case 2 -> UNKNOWN;
            case 3 -> CONTROL;
            case 4 -> USER_DEFINED;
            case 6 -> BYTE;
            default -> 0;
        };
    }

    private static float[] scores(Metadata metadata, int size) {
        Optional<float[]> scores = metadata.reals(SCORES);
        checkLength(metadata, SCORES, scores.map(all -> all.length), size);
        if (scores.isEmpty()) {
            return new float[0];
        }
        for (int id = 0; id < size; id++) {
            if (Float.isNaN(scores.get()[id])) {
                throw new ModelFormatException(
                        "%s: in the metadata key %s the score of token %d is not a number"
                                .formatted(metadata.source(), SCORES, id));
            }
        }
        return scores.get().clone();
    }

    private static void checkLength(
            Metadata metadata, String key, Optional<Integer> length, int size) {
        if (length.isPresent() && length.get() != size) {
            throw new ModelFormatException(
                    "%s: the metadata key %s has %d entries for %d tokens"
                            .formatted(metadata.source(), key, length.get(), size));
        }
    }

    int size() {
        return size;
    }

    /** Bytes of the longest token. */
    int longest() {
        return longest;
    }

    /** The texts' table, tokens first. */
    TextTable texts() {
        return texts;
    }

    /** The token that is exactly these bytes, or {@link TextTable#ABSENT}. */
    int find(byte[] bytes, int from, int to) {
        return token(texts.find(bytes, from, to));
    }

    OptionalInt find(String text) {
        int id = token(texts.find(text));
        return id == TextTable.ABSENT ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private int token(int id) {
        return id < size ? id : TextTable.ABSENT;
    }

    /** The text that the file gives the token, before any byte mapping or unescaping. */
    String text(int id) {
        return new String(
                texts.pool(),
                texts.start(id),
                texts.end(id) - texts.start(id),
                StandardCharsets.UTF_8);
    }

    byte[] textBytes(int id) {
        return Arrays.copyOfRange(texts.pool(), texts.start(id), texts.end(id));
    }

    /** The value of a token written {@code <0xNN>}; another text stands for itself. */
    byte[] singleByte(int id) {
        String text = text(id);
        if (text.length() != 6 || !text.startsWith("<0x") || !text.endsWith(">")) {
            return textBytes(id);
        }
        int high = Character.digit(text.charAt(3), 16);
        int low = Character.digit(text.charAt(4), 16);
        return high < 0 || low < 0 ? textBytes(id) : new byte[] {(byte) (high << 4 | low)};
    }

    /** Greater merges first; 0 where the file has no scores. */
    float score(int id) {
        return scores.length == 0 ? 0 : scores[id];
    }

    boolean is(int id, int kindsAsked) {
        return (kinds[id] & kindsAsked) != 0;
    }

    /** The kinds of all tokens, for {@link SpecialIds} to correct while the file is loaded. */
    byte[] kinds() {
        return kinds;
    }
}
