package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Metadata;

import java.util.Arrays;
import java.util.List;

/**
 * Byte-level BPE (GPT-2): text is cut into words, a word's bytes become characters of {@link
 * ByteAlphabet}, and neighbours are merged in the order of the file's list of merges.
 */
final class BytePairModel implements SubwordModel {
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final int MOST_MERGES = 1 << 24;

    private final Vocabulary vocabulary;
    private final PreTokenizer preTokenizer;

    /** From the numbers of two texts in the vocabulary's table to their merge's place. */
    private final PairTable ranks;

    /** By byte: the number of its character in the vocabulary's table. */
    private final int[] alphabet = new int[256];

    private BytePairModel(Vocabulary vocabulary, PreTokenizer preTokenizer, PairTable ranks) {
        this.vocabulary = vocabulary;
        this.preTokenizer = preTokenizer;
        this.ranks = ranks;
        Utf8Buffer utf8 = new Utf8Buffer();
        for (int value = 0; value < 256; value++) {
            utf8.clear();
            utf8.appendCodePoint(ByteAlphabet.character(value));
            alphabet[value] = vocabulary.texts().intern(utf8.bytes(), 0, utf8.size());
        }
    }

    static BytePairModel of(Metadata metadata, Vocabulary vocabulary) {
        PreTokenizer preTokenizer = PreTokenizer.of(metadata);
        return new BytePairModel(vocabulary, preTokenizer, ranks(metadata, vocabulary.texts()));
    }

    private static PairTable ranks(Metadata metadata, TextTable texts) {
        List<String> merges =
                metadata.texts(MERGES)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        metadata.source()
                                                + ": the required metadata key "
                                                + MERGES
                                                + " is missing"));
        if (merges.size() > MOST_MERGES) {
            throw new ModelFormatException(
                    "%s: the metadata key %s holds %d merges, but at most %d can be used"
                            .formatted(metadata.source(), MERGES, merges.size(), MOST_MERGES));
        }
        PairTable ranks = new PairTable(merges.size());
        Utf8Buffer utf8 = new Utf8Buffer();
        int rank = 0;
        for (String merge : merges) {
            utf8.clear();
            utf8.append(merge);
            int space = 1;
            while (space < utf8.size() && utf8.bytes()[space] != ' ') {
                space++;
            }
            if (space + 1 >= utf8.size()) {
                throw new ModelFormatException(
                        "%s: entry %d of the metadata key %s is '%s', not two texts and a space"
                                .formatted(metadata.source(), rank, MERGES, merge));
            }
            int left = texts.intern(utf8.bytes(), 0, space);
            int right = texts.intern(utf8.bytes(), space + 1, utf8.size());
            ranks.putIfAbsent(left, right, rank++);
        }
        return ranks;
    }

    @Override
    public String name() {
        return "byte-level BPE";
    }

    @Override
    public boolean addBos() {
        return preTokenizer.addBos();
    }

    @Override
    public Fragments fragments(Encoding encoding) {
        return new Words(encoding);
    }

    @Override
    public byte[] normalBytes(int id) {
        Utf8Buffer bytes = new Utf8Buffer();
        vocabulary
                .text(id)
                .codePoints()
                .forEach(character -> {
                    int value = ByteAlphabet.value(character);
                    if (value >= 0) {
                        bytes.appendByte(value);
                    } else {
                        bytes.appendCodePoint(character);
                    }
                });
        return Arrays.copyOf(bytes.bytes(), bytes.size());
    }

    /** The symbols of a word; each has its text's number in the vocabulary's table. */
    static final class Chain extends SymbolChain {
        private final TextTable texts;
        private final PairTable ranks;
        private int[] numbers = new int[16];

        private Chain(TextTable texts, PairTable ranks) {
            this.texts = texts;
            this.ranks = ranks;
        }

        void add(char character, int number) {
            int start = text.size();
            text.appendCodePoint(character);
            int symbol = addSymbol(start);
            if (symbol == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * symbol);
            }
            numbers[symbol] = number;
        }

        byte[] bytes() {
            return text.bytes();
        }

        int size() {
            return text.size();
        }

        int number(int symbol) {
            return numbers[symbol];
        }

        @Override
        int pairPriority(int left, int right) {
            if (numbers[left] < 0 || numbers[right] < 0) {
                return NEVER;
            }
            int rank = ranks.get(numbers[left], numbers[right]);
            return rank < 0 ? NEVER : rank;
        }

        @Override
        void merged(int symbol) {
            numbers[symbol] = texts.find(text.bytes(), from(symbol), to(symbol));
        }
    }

    private final class Words implements Fragments {
        private final Encoding encoding;
        private final Chain chain = new Chain(vocabulary.texts(), ranks);
        private final Utf8Buffer utf8 = new Utf8Buffer();

        Words(Encoding encoding) {
            this.encoding = encoding;
        }

        @Override
        public void encode(String text, int from, int to) {
            int[] characters = new int[to - from];
            int count = 0;
            for (int at = from; at < to; ) {
                int character = Utf8Buffer.codePointAt(text, at, to);
                // half a pair is one unit although its replacement is another character
                at += Character.charCount(character);
                characters[count++] = character;
            }
            preTokenizer
                    .splitter()
                    .split(
                            characters,
                            0,
                            count,
                            (wordFrom, wordTo) -> encodeWord(characters, wordFrom, wordTo));
        }

        private void encodeWord(int[] characters, int from, int to) {
            utf8.clear();
            for (int at = from; at < to; at++) {
                utf8.appendCodePoint(characters[at]);
            }
            chain.clear();
            for (int i = 0; i < utf8.size(); i++) {
                int value = utf8.bytes()[i] & 0xFF;
                chain.add(ByteAlphabet.character(value), alphabet[value]);
            }
            if (preTokenizer.wholeWordsFirst()) {
                int whole = vocabulary.find(chain.bytes(), 0, chain.size());
                if (whole != TextTable.ABSENT) {
                    encoding.add(whole);
                    return;
                }
            }
            chain.mergeAll();
            for (int symbol = 0; symbol >= 0; symbol = chain.next(symbol)) {
                emit(symbol);
            }
        }

        /**
         * A symbol without a token falls apart into those of its characters that are tokens of one
         * byte; the others are lost, as in llama.cpp. No complete vocabulary has such symbols.
         */
        private void emit(int symbol) {
            int number = chain.number(symbol);
            if (number >= 0 && number < vocabulary.size()) {
                encoding.add(number);
                return;
            }
            for (int at = chain.from(symbol); at < chain.to(symbol); at++) {
                int id = vocabulary.find(chain.bytes(), at, at + 1);
                if (id != TextTable.ABSENT) {
                    encoding.add(id);
                }
            }
        }

        @Override
        public void finish() {
            encoding.countQueueOperations(chain.queueOperations());
        }
    }
}
