package io.github.deltallm.cli;

import picocli.CommandLine;

/** What every command has: its streams, {@code --help} and {@code --verbose}. */
@SuppressWarnings("UnusedVariable") // picocli and Failures act on the options
abstract class Command {
    private final Streams streams;

    @CommandLine.Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this help and exit.")
    private boolean help;

    @CommandLine.Option(names = "--verbose", description = "After an error, print its stack trace.")
    private boolean verbose;

    Command(Streams streams) {
        this.streams = streams;
    }

    final Streams streams() {
        return streams;
    }
}
