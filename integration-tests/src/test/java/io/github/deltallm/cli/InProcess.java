package io.github.deltallm.cli;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Runs the command line in this JVM; it lies in its package because it exports nothing. */
public final class InProcess {
    private InProcess() {}

    /**
     * How a call ended.
     *
     * @param exit its exit code
     * @param out its standard output
     * @param err its standard error
     */
    public record Ended(int exit, String out, String err) {}

    /** Runs one call, with an empty standard input. */
    public static Ended run(String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Streams streams = Streams.of(InputStream.nullInputStream(), out, err, false);
        int exit = DeltaLlm.run(streams, arguments);
        return new Ended(
                exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
