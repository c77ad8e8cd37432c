package io.github.deltallm.api;

/** The request was cancelled by its caller; the session keeps what was complete before. */
public class CancelledException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public CancelledException(String message) {
        super(message);
    }

    public CancelledException(String message, Throwable cause) {
        super(message, cause);
    }
}
