package io.github.deltallm.cli;

import picocli.CommandLine;

/** How a result is printed. */
enum OutputFormat {
    TEXT,
    JSON;

    /** The option, for the commands that have a result. */
    static final class Choice {
        @CommandLine.Option(
                names = "--format",
                paramLabel = "FORMAT",
                converter = Words.Format.class,
                description = "text, or json: one JSON document on standard output, nothing else.")
        private OutputFormat format = TEXT;

        boolean json() {
            return format == JSON;
        }
    }
}
