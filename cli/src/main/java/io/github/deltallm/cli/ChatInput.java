package io.github.deltallm.cli;

import io.github.deltallm.engine.Cancellation;

import java.util.Optional;

/** Where a conversation's lines come from. */
interface ChatInput extends AutoCloseable {
    /**
     * The next line without its line break; empty when there are no more.
     *
     * @param prompt what to show somebody who types
     */
    Optional<String> line(String prompt);

    /** Runs something that Ctrl-C cancels. */
    void answering(Cancellation cancellation, Runnable answer);

    @Override
    void close();

    /** Lines as they are edited at the terminal, or those of standard input. */
    static ChatInput of(Streams streams) {
        return streams.interactive() ? new TerminalInput() : new LineInput(streams);
    }
}
