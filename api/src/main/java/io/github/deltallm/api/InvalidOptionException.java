package io.github.deltallm.api;

/**
 * The caller asked for something that does not exist or does not fit: an option, a name, a value.
 */
public class InvalidOptionException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public InvalidOptionException(String message) {
        super(message);
    }

    public InvalidOptionException(String message, Throwable cause) {
        super(message, cause);
    }
}
