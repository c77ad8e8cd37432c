package io.github.deltallm.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a command reads from and writes to; text is UTF-8 whatever the locale says.
 *
 * @param in standard input, as bytes
 * @param out results; a failed write ends the program, see {@link OutputFailure}
 * @param err progress, notes and errors; a failed write is of no consequence
 * @param bars whether progress bars make sense: standard error is a terminal
 * @param interactive whether somebody types at a terminal and reads the answers there
 * @param shown whether standard output is a terminal
 */
record Streams(
        InputStream in,
        PrintWriter out,
        PrintWriter err,
        boolean bars,
        boolean interactive,
        boolean shown) {

    /** The launcher's way to tell that standard error is a terminal, which Java can't find out. */
    static final String ERR_IS_TERMINAL = "deltallm.stderr.tty";

    /** The same for standard output. */
    static final String OUT_IS_TERMINAL = "deltallm.stdout.tty";

    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");

    static Streams ofProcess() {
        boolean interactive =
                Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
        return new Streams(
                new FileInputStream(FileDescriptor.in),
                new PrintWriter(
                        new CheckedWriter(
                                new FileOutputStream(FileDescriptor.out), Streams::intoPipe)),
                quiet(new FileOutputStream(FileDescriptor.err)),
                Boolean.getBoolean(ERR_IS_TERMINAL),
                interactive,
                interactive || Boolean.getBoolean(OUT_IS_TERMINAL));
    }

    /**
     * Streams of somebody who does not type at a terminal.
     *
     * @param bars whether the output and the errors go to one
     */
    static Streams of(InputStream in, OutputStream out, OutputStream err, boolean bars) {
        PrintWriter results = new PrintWriter(new CheckedWriter(out, () -> false));
        return new Streams(in, results, quiet(err), bars, false, bars);
    }

    private static PrintWriter quiet(OutputStream err) {
        return new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    private static boolean intoPipe() {
        try {
            return Files.isSymbolicLink(STANDARD_OUTPUT)
                    && Files.readSymbolicLink(STANDARD_OUTPUT).toString().startsWith("pipe:");
        } catch (IOException e) {
            return false; // no /proc here: the failure's message has to do
        }
    }

    /** Prints a line for the person at the terminal. */
    void note(String line) {
        err.println(Escapes.lines(line));
        err.flush();
    }

    /** Prints a piece of an answer: as it is, but to a terminal without control characters. */
    void answer(String piece) {
        out.print(shown ? Escapes.lines(piece) : piece);
        out.flush();
    }
}
