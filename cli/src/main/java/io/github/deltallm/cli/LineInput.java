package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.engine.Cancellation;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Lines of standard input; Ctrl-C ends the program, after what is there of the answer. */
final class LineInput implements ChatInput {
    private final BufferedReader in;

    LineInput(Streams streams) {
        in = new BufferedReader(new InputStreamReader(streams.in(), StandardCharsets.UTF_8));
    }

    @Override
    public Optional<String> line(String prompt) {
        try {
            return Optional.ofNullable(in.readLine());
        } catch (IOException e) {
            throw new DeltaLlmException("standard input can't be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void answering(Cancellation cancellation, Runnable answer) {
        try (Interrupt _ = new Interrupt(cancellation)) {
            answer.run();
        }
    }

    @Override
    public void close() {}
}
