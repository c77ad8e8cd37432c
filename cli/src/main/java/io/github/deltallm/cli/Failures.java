package io.github.deltallm.cli;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;

import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * Turns whatever went wrong into one sentence on standard error and an exit code.
 *
 * @param err where sentences go
 * @param verbose whether stack traces follow them
 */
record Failures(PrintWriter err, boolean verbose) {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;
    static final int INTERRUPTED = 130;

    private static final int MOST_SUGGESTIONS = 3;

    /** A command line that can't be understood. */
    int usage(CommandLine.ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        say(failure.getMessage() + suggestions(failure));
        boolean noCommand =
                command.getParent() == null
                        && !(failure instanceof CommandLine.UnmatchedArgumentException);
        if (noCommand) {
            command.usage(err);
        } else {
            err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        }
        err.flush();
        return WRONG_USAGE;
    }

    private static String suggestions(CommandLine.ParameterException failure) {
        if (!(failure instanceof CommandLine.UnmatchedArgumentException unmatched)) {
            return "";
        }
        List<String> near = unmatched.getSuggestions().stream().limit(MOST_SUGGESTIONS).toList();
        return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near) + "?";
    }

    /** A command that was understood but did not come to its end. */
    int failed(Throwable failure) {
        switch (failure) {
            case OutputFailure output when output.readerGone() -> {
                return DONE;
            }
            case CancelledException cancelled -> {
                say("interrupted");
                return INTERRUPTED;
            }
            case DeltaLlmException told -> say(String.valueOf(told.getMessage()));
            case OutOfMemoryError memory ->
                    say(
                            "there is not enough memory ("
                                    + memory.getMessage()
                                    + "); use a smaller --context or --chunk, or give the JVM more"
                                    + " with DELTALLM_JAVA_OPTIONS=-Xmx...");
            default ->
                    say(
                            "an unexpected error, "
                                    + failure
                                    + (verbose ? "" : "; --verbose prints its stack trace"));
        }
        if (verbose) {
            StringWriter trace = new StringWriter();
            failure.printStackTrace(new PrintWriter(trace));
            err.print(Escapes.lines(trace.toString()));
        }
        err.flush();
        return failure instanceof InvalidOptionException ? WRONG_USAGE : FAILED;
    }

    private void say(String sentence) {
        err.println("deltallm: " + Escapes.lines(sentence));
        err.flush();
    }
}
