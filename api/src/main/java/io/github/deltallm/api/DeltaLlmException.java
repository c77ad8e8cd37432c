package io.github.deltallm.api;

/**
 * The root of everything DeltaLLM throws on purpose.
 *
 * <p>The message is one sentence for the person who runs the program: what was wrong, where, and
 * what to do about it. It needs no stack trace to be understood.
 */
public class DeltaLlmException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DeltaLlmException(String message) {
        super(message);
    }

    public DeltaLlmException(String message, Throwable cause) {
        super(message, cause);
    }
}
