package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.engine.Cancellation;

import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

import java.io.IOException;
import java.util.Optional;

/**
 * Lines edited at a terminal, with history. Ctrl-C clears a line, on an empty line it asks once
 * more and then ends the conversation; Ctrl-D ends it at once.
 */
final class TerminalInput implements ChatInput {
    private final Terminal terminal;
    private final LineReader reader;

    TerminalInput() {
        try {
            terminal = TerminalBuilder.builder().name("deltallm").system(true).build();
        } catch (IOException e) {
            throw new DeltaLlmException("the terminal can't be used: " + e.getMessage(), e);
        }
        reader =
                LineReaderBuilder.builder()
                        .terminal(terminal)
                        .appName("deltallm")
                        .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                        .build();
    }

    @Override
    public Optional<String> line(String prompt) {
        boolean asked = false;
        while (true) {
            try {
                return Optional.of(reader.readLine(prompt));
            } catch (EndOfFileException e) {
                return Optional.empty();
            } catch (UserInterruptException e) {
                boolean empty = e.getPartialLine() == null || e.getPartialLine().isEmpty();
                if (empty && asked) {
                    return Optional.empty();
                }
                asked = empty;
                if (empty) {
                    terminal.writer().println("(Ctrl-C again, Ctrl-D or /quit ends)");
                    terminal.flush();
                }
            }
        }
    }

    @Override
    public void answering(Cancellation cancellation, Runnable answer) {
        Terminal.SignalHandler before =
                terminal.handle(Terminal.Signal.INT, signal -> cancellation.cancel());
        try {
            answer.run();
        } finally {
            terminal.handle(Terminal.Signal.INT, before);
        }
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException e) {
            throw new DeltaLlmException("the terminal can't be restored: " + e.getMessage(), e);
        }
    }
}
