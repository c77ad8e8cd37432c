package io.github.deltallm.engine.tokenizer;

/** Turns text without special tokens into tokens, and tokens into bytes. Immutable. */
sealed interface SubwordModel permits BytePairModel, SentencePieceModel {
    /** The algorithm's name for people. */
    String name();

    /** Whether a text starts with the BOS token where the file does not say. */
    boolean addBos();

    /** A worker for one call of {@code encode}, with that call's scratch memory. */
    Fragments fragments(Encoding encoding);

    /** The bytes of a token that is {@link Vocabulary#NORMAL}. */
    byte[] normalBytes(int id);

    /** Encodes one fragment after the other; for one thread. */
    interface Fragments {
        /**
         * Appends the tokens of {@code text[from, to)}, not empty: all text from the start or a
         * special token to the next special token or the end.
         */
        void encode(String text, int from, int to);

        /** After the last fragment. */
        void finish();
    }
}
