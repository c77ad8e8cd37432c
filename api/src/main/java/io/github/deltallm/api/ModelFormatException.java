package io.github.deltallm.api;

/**
 * A model file is damaged, truncated or contradicts itself; names the file, the field and the byte
 * offset.
 */
public class ModelFormatException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    public ModelFormatException(String message) {
        super(message);
    }

    public ModelFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
