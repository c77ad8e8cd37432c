package io.github.deltallm.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/**
 * Writes UTF-8 and fails at once where {@link java.io.PrintWriter}, which goes around it, would
 * keep silent.
 */
final class CheckedWriter extends Writer {
    private final Writer out;
    private final BooleanSupplier pipe;

    /**
     * Writes to a stream.
     *
     * @param pipe asked after a failure: whether the stream ends in a pipe
     */
    CheckedWriter(OutputStream stream, BooleanSupplier pipe) {
        this.pipe = pipe;
        out = new BufferedWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
    }

    @Override
    public void write(char[] text, int from, int length) {
        try {
            out.write(text, from, length);
        } catch (IOException e) {
            throw new OutputFailure(e, pipe.getAsBoolean());
        }
    }

    @Override
    public void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw new OutputFailure(e, pipe.getAsBoolean());
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new OutputFailure(e, pipe.getAsBoolean());
        }
    }
}
