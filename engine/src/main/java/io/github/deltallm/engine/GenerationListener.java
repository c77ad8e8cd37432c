package io.github.deltallm.engine;

/** Follows a generation while it runs; called on the thread that generates. */
@FunctionalInterface
public interface GenerationListener {
    /** Takes the next piece of the answer: whole characters, never part of a stop text. */
    void text(String piece);

    /** Takes the id of a token that was just drawn; its text may come later. */
    default void token(int id) {}

    /** The prompt is computed up to {@code done} of {@code total} tokens. */
    default void prompt(int done, int total) {}
}
