package io.github.deltallm.cli;

import java.util.Optional;

/**
 * Puts lines together: one that ends in a backslash goes on in the next, and a block between lines
 * of three quotes is taken as it is.
 */
record MessageReader(ChatInput input) {
    private static final String FIRST = "> ";
    private static final String NEXT = ". ";
    private static final String QUOTES = "\"\"\"";

    /**
     * What was said at once.
     *
     * @param quoted whether it was a block, which is a message whatever it begins with
     */
    record Said(String text, boolean quoted) {
        boolean isCommand() {
            return !quoted && text.startsWith("/");
        }

        /** Whether this ends the conversation. */
        boolean isQuit() {
            return !quoted && text.strip().equals("/quit");
        }
    }

    /** The next message or command; empty when there are no more. */
    Optional<Said> next() {
        return input.line(FIRST)
                .map(line ->
                        line.stripLeading().startsWith(QUOTES)
                                ? new Said(
                                        block(line.stripLeading().substring(QUOTES.length())), true)
                                : new Said(continued(line), false));
    }

    private String block(String first) {
        StringBuilder text = new StringBuilder();
        String line = first;
        while (!line.stripTrailing().endsWith(QUOTES)) {
            text.append(line).append('\n');
            Optional<String> next = input.line(NEXT);
            if (next.isEmpty()) {
                return text.toString().strip();
            }
            line = next.get();
        }
        String last = line.stripTrailing();
        return text.append(last, 0, last.length() - QUOTES.length()).toString().strip();
    }

    private String continued(String first) {
        StringBuilder text = new StringBuilder();
        String line = first;
        while (line.endsWith("\\")) {
            text.append(line, 0, line.length() - 1).append('\n');
            line = input.line(NEXT).orElse("");
        }
        return text.append(line).toString();
    }
}
