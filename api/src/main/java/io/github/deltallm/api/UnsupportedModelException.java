package io.github.deltallm.api;

/**
 * A model file is sound but needs something that no installed module provides: an architecture, a
 * tensor type, a tokenizer.
 */
public class UnsupportedModelException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public UnsupportedModelException(String message) {
        super(message);
    }

    public UnsupportedModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
