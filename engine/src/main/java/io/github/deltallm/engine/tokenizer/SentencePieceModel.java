package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.spi.Metadata;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * SentencePiece as Llama 1 and 2 use it: spaces become U+2581, neighbouring characters are merged
 * where the result is a token, highest score first, and what is left without a token becomes tokens
 * of single bytes.
 */
final class SentencePieceModel implements SubwordModel {
    private static final char SPACE_MARK = '\u2581';

    private final Vocabulary vocabulary;
    private final boolean addSpacePrefix;

    /** By byte: the token that stands for it where no other does, or {@link TextTable#ABSENT}. */
    private final int[] byteTokens = new int[256];

    private SentencePieceModel(Vocabulary vocabulary, boolean addSpacePrefix, OptionalInt unk) {
        this.vocabulary = vocabulary;
        this.addSpacePrefix = addSpacePrefix;
        for (int value = 0; value < 256; value++) {
            byte[] single = {(byte) value};
            int plain = vocabulary.find(single, 0, 1);
            int absent = plain != TextTable.ABSENT ? plain : unk.orElse(TextTable.ABSENT);
            byteTokens[value] = vocabulary.find("<0x%02X>".formatted(value)).orElse(absent);
        }
    }

    static SentencePieceModel of(Metadata metadata, Vocabulary vocabulary, OptionalInt unk) {
        boolean prefix = metadata.bool("tokenizer.ggml.add_space_prefix").orElse(true);
        return new SentencePieceModel(vocabulary, prefix, unk);
    }

    @Override
    public String name() {
        return "SentencePiece";
    }

    @Override
    public boolean addBos() {
        return true;
    }

    @Override
    public Fragments fragments(Encoding encoding) {
        return new Sentences(encoding);
    }

    @Override
    public byte[] normalBytes(int id) {
        return vocabulary.text(id).replace(SPACE_MARK, ' ').getBytes(StandardCharsets.UTF_8);
    }

    /** The symbols of a whole fragment. */
    static final class Chain extends SymbolChain {
        private final Vocabulary vocabulary;

        private Chain(Vocabulary vocabulary) {
            this.vocabulary = vocabulary;
        }

        void add(int character) {
            int start = text.size();
            text.appendCodePoint(character);
            addSymbol(start);
        }

        byte[] bytes() {
            return text.bytes();
        }

        int token(int symbol) {
            return vocabulary.find(text.bytes(), from(symbol), to(symbol));
        }

        @Override
        int pairPriority(int left, int right) {
            int id = vocabulary.find(text.bytes(), from(left), to(right));
            return id == TextTable.ABSENT ? NEVER : descending(vocabulary.score(id));
        }

        @Override
        void merged(int symbol) {
            // a symbol is its bytes
        }

        /** A number that is the smaller, the greater the score; -0 counts as 0. */
        private static int descending(float score) {
            int bits = Float.floatToRawIntBits(0f - score);
            return bits ^ (bits >> 31 & Integer.MAX_VALUE);
        }
    }

    private final class Sentences implements Fragments {
        private final Encoding encoding;
        private final Chain chain = new Chain(vocabulary);

        Sentences(Encoding encoding) {
            this.encoding = encoding;
        }

        @Override
        public void encode(String text, int from, int to) {
            chain.clear();
            if (addSpacePrefix) {
                chain.add(SPACE_MARK);
            }
            for (int at = from; at < to; ) {
                int character = Utf8Buffer.codePointAt(text, at, to);
                at += Character.charCount(character);
                chain.add(character == ' ' ? SPACE_MARK : character);
            }
            chain.mergeAll();
            for (int symbol = 0; symbol >= 0; symbol = chain.next(symbol)) {
                emit(symbol);
            }
        }

        private void emit(int symbol) {
            int id = chain.token(symbol);
            if (id != TextTable.ABSENT) {
                encoding.add(id);
                return;
            }
            for (int at = chain.from(symbol); at < chain.to(symbol); at++) {
                int single = byteTokens[chain.bytes()[at] & 0xFF];
                if (single != TextTable.ABSENT) {
                    encoding.add(single);
                }
            }
        }

        @Override
        public void finish() {
            encoding.countQueueOperations(chain.queueOperations());
        }
    }
}
