package io.github.deltallm.cli;

import java.io.PrintWriter;

/**
 * A line on standard error that tells how far something is; it is gone when it is closed. Where
 * standard error is no terminal, nothing is printed at all.
 */
final class ProgressBar implements AutoCloseable {
    private static final int CELLS = 30;
    private static final long LEAST_NANOS = 100_000_000;

    private final PrintWriter err;
    private final boolean shown;
    private final String what;
    private int width;
    private long last;

    private ProgressBar(Streams streams, String what) {
        err = streams.err();
        shown = streams.bars();
        this.what = what;
    }

    /** A line for something whose progress is not known. */
    static ProgressBar unmeasured(Streams streams, String what) {
        ProgressBar bar = new ProgressBar(streams, what);
        bar.draw(Escapes.line(what) + " ...");
        return bar;
    }

    /** A bar that {@link #at} fills. */
    static ProgressBar measured(Streams streams, String what) {
        return new ProgressBar(streams, what);
    }

    /** Shows that {@code done} of {@code total} are done, at most ten times a second. */
    void at(long done, long total) {
        at(done, total, "");
    }

    /** The same, with words behind it. */
    void at(long done, long total, String more) {
        long now = System.nanoTime();
        boolean soon = width > 0 && now - last < LEAST_NANOS && done < total;
        if (!shown || total <= 0 || soon) {
            return;
        }
        last = now;
        int filled = (int) (CELLS * Math.min(done, total) / total);
        draw(
                what
                        + " ["
                        + "#".repeat(filled)
                        + "-".repeat(CELLS - filled)
                        + "] "
                        + done
                        + "/"
                        + total
                        + (more.isEmpty() ? "" : " " + Escapes.line(more)));
    }

    private void draw(String line) {
        if (shown) {
            err.print('\r' + line + " ".repeat(Math.max(0, width - line.length())));
            err.flush();
            width = line.length();
        }
    }

    @Override
    public void close() {
        clear();
    }

    /** Removes the line, so that something else can be printed. */
    void clear() {
        if (width > 0) {
            err.print('\r' + " ".repeat(width) + '\r');
            err.flush();
            width = 0;
        }
    }
}
