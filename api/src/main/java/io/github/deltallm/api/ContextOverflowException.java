package io.github.deltallm.api;

/** A sequence would outgrow the context it was opened with; nothing was dropped. */
public class ContextOverflowException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public ContextOverflowException(String message) {
        super(message);
    }

    public ContextOverflowException(String message, Throwable cause) {
        super(message, cause);
    }
}
