package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;

import java.io.IOException;

/** Standard output takes no more: its reader is gone, or the disk behind it is full. */
final class OutputFailure extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    private final boolean readerGone;

    /**
     * A failed write.
     *
     * @param pipe whether the output goes into a pipe, which fails for no other reason than that
     *     its reader is gone; the system's own message may be in any language
     */
    OutputFailure(IOException cause, boolean pipe) {
        super("the output could not be written: " + cause.getMessage(), cause);
        readerGone = pipe || String.valueOf(cause.getMessage()).contains("Broken pipe");
    }

    /** Whether the reader has seen enough, as in {@code deltallm ... | head -1}. */
    boolean readerGone() {
        return readerGone;
    }
}
