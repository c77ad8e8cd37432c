package io.github.deltallm.api;

/** A backend that was asked for can't run here; carries its reason and its remedy. */
public class UnavailableException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public UnavailableException(String message) {
        super(message);
    }

    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
