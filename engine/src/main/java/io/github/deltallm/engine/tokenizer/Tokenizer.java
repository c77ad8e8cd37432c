package io.github.deltallm.engine.tokenizer;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.Metadata;

import java.util.List;
import java.util.OptionalInt;

/**
 * A model's tokenizer: text to ids and back. Immutable and safe to share between threads.
 *
 * <p>Ids are those of llama.cpp for the same file. Two things differ on purpose: a BOS token is not
 * added to a text that already starts with one, and a BPE file without a key for a role has no
 * token in that role (llama.cpp assumes token 11).
 */
public final class Tokenizer {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final int HIDDEN = Vocabulary.CONTROL | Vocabulary.UNKNOWN;

    private final Vocabulary vocabulary;
    private final SpecialIds specialIds;
    private final SpecialTokens specialTokens;
    private final SubwordModel model;
    private final boolean addBos;
    private final boolean addEos;

    private Tokenizer(
            Metadata metadata, Vocabulary vocabulary, SpecialIds specialIds, SubwordModel model) {
        this.vocabulary = vocabulary;
        this.specialIds = specialIds;
        this.model = model;
        specialTokens = SpecialTokens.of(vocabulary, metadata.text("general.name").orElse(""));
        addBos = metadata.bool("tokenizer.ggml.add_bos_token").orElse(model.addBos());
        addEos = metadata.bool("tokenizer.ggml.add_eos_token").orElse(false);
    }

    /**
     * The tokenizer that a GGUF file describes.
     *
     * @throws ModelFormatException if the file has none or it contradicts itself; names the key
     * @throws UnsupportedModelException if its kind or its pre-tokenizer is not supported
     */
    public static Tokenizer of(Metadata metadata) {
        String name = metadata.text(MODEL).orElse("none");
        return switch (name) {
            case "gpt2" -> {
                Vocabulary vocabulary = Vocabulary.of(metadata);
                SpecialIds ids = SpecialIds.of(metadata, vocabulary, false);
                yield new Tokenizer(
                        metadata, vocabulary, ids, BytePairModel.of(metadata, vocabulary));
            }
            case "llama" -> {
                Vocabulary vocabulary = Vocabulary.of(metadata);
                SpecialIds ids = SpecialIds.of(metadata, vocabulary, true);
                SubwordModel model = SentencePieceModel.of(metadata, vocabulary, ids.unk());
                yield new Tokenizer(metadata, vocabulary, ids, model);
            }
            case "none", "no_vocab" ->
                    throw new ModelFormatException(
                            metadata.source()
                                    + " has no tokenizer (metadata key "
                                    + MODEL
                                    + "); give token ids instead of text");
            default ->
                    throw new UnsupportedModelException(
                            metadata.source()
                                    + ": the tokenizer '"
                                    + name
                                    + "' (metadata key "
                                    + MODEL
                                    + ") is not supported; supported are gpt2 (byte-level BPE) and"
                                    + " llama (SentencePiece)");
        };
    }

    /**
     * The tokens of a text.
     *
     * @param parseSpecial whether control tokens written in the text are recognised; a model's
     *     user-defined tokens always are
     * @param addBos whether to put the BOS token first, if the model has one and the text does not
     *     start with it; usually {@link #addBosByDefault}
     */
    public int[] encode(CharSequence text, boolean parseSpecial, boolean addBos) {
        return encode(List.of(new Part(text.toString(), parseSpecial)), addBos);
    }

    /**
     * The tokens of a prompt made of parts, of which some may write control tokens.
     *
     * <p>Apart from control tokens, the result is that of the joined text.
     *
     * @param addBos as in {@link #encode(CharSequence, boolean, boolean)}
     */
    public int[] encode(List<Part> parts, boolean addBos) {
        Encoding encoding = new Encoding();
        encode(PromptText.of(parts), addBos, encoding);
        return encoding.toArray();
    }

    void encode(PromptText prompt, boolean addBos, Encoding encoding) {
        List<SpecialTokens.Match> matches = specialTokens.find(prompt);
        if (addBos && bos().isPresent() && !startsWith(matches, bos().getAsInt())) {
            encoding.add(bos().getAsInt());
        }
        SubwordModel.Fragments fragments = model.fragments(encoding);
        String text = prompt.text();
        int at = 0;
        for (SpecialTokens.Match match : matches) {
            if (match.from() > at) {
                fragments.encode(text, at, match.from());
            }
            encoding.add(match.id());
            at = match.to();
        }
        if (at < text.length()) {
            fragments.encode(text, at, text.length());
        }
        fragments.finish();
    }

    private static boolean startsWith(List<SpecialTokens.Match> matches, int id) {
        return !matches.isEmpty()
                && matches.getFirst().from() == 0
                && matches.getFirst().id() == id;
    }

    /** The text of tokens; control tokens have none, bytes that are not UTF-8 become U+FFFD. */
    public String decode(int[] ids) {
        return decode(ids, false);
    }

    /**
     * The text of tokens.
     *
     * @param showControl whether control tokens are written out
     * @throws InvalidOptionException if there is no such token
     */
    public String decode(int[] ids, boolean showControl) {
        StreamingDecoder decoder = new StreamingDecoder(this, showControl);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.finish()).toString();
    }

    /** A decoder for tokens that come one by one; control tokens have no text. */
    public StreamingDecoder streamingDecoder() {
        return streamingDecoder(false);
    }

    /** As {@link #streamingDecoder()}, with the choice to write control tokens out. */
    public StreamingDecoder streamingDecoder(boolean showControl) {
        return new StreamingDecoder(this, showControl);
    }

    /**
     * The bytes that a token stands for, control tokens written out. They may be part of a
     * character; unused tokens have none.
     *
     * @throws InvalidOptionException if there is no such token
     */
    public byte[] tokenBytes(int id) {
        check(id);
        if (vocabulary.is(id, HIDDEN | Vocabulary.USER_DEFINED)) {
            return vocabulary.textBytes(id);
        }
        if (vocabulary.is(id, Vocabulary.NORMAL)) {
            return model.normalBytes(id);
        }
        return vocabulary.is(id, Vocabulary.BYTE) ? vocabulary.singleByte(id) : new byte[0];
    }

    byte[] shownBytes(int id, boolean showControl) {
        check(id);
        return !showControl && vocabulary.is(id, HIDDEN) ? new byte[0] : tokenBytes(id);
    }

    /** A token's text for people, control tokens written out; see {@link #tokenBytes}. */
    public String piece(int id) {
        return decode(new int[] {id}, true);
    }

    public boolean isControl(int id) {
        check(id);
        return vocabulary.is(id, Vocabulary.CONTROL);
    }

    /** Whether a model that says this token has finished its answer. */
    public boolean isEndOfGeneration(int id) {
        check(id);
        return specialIds.endOfGeneration().get(id);
    }

    /** The token whose text in the file is exactly this. */
    public OptionalInt id(String tokenText) {
        return vocabulary.find(tokenText);
    }

    public int vocabularySize() {
        return vocabulary.size();
    }

    /** The algorithm's name for people. */
    public String algorithm() {
        return model.name();
    }

    /** Begins a text. */
    public OptionalInt bos() {
        return specialIds.bos();
    }

    /** Ends a text. */
    public OptionalInt eos() {
        return specialIds.eos();
    }

    /** Ends a turn of a conversation. */
    public OptionalInt eot() {
        return specialIds.eot();
    }

    public OptionalInt unk() {
        return specialIds.unk();
    }

    public OptionalInt pad() {
        return specialIds.pad();
    }

    /** Whether the model wants its texts to start with BOS, and has one. */
    public boolean addBosByDefault() {
        return addBos && bos().isPresent();
    }

    /** Whether the model wants its texts to end with EOS, and has one. */
    public boolean addEosByDefault() {
        return addEos && eos().isPresent();
    }

    private void check(int id) {
        if (id < 0 || id >= vocabulary.size()) {
            throw new InvalidOptionException(
                    "There is no token %d: the vocabulary has %d tokens, numbered from 0"
                            .formatted(id, vocabulary.size()));
        }
    }
}
