package io.github.deltallm.engine.template;

import io.github.deltallm.api.DeltaLlmException;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/**
 * A chat template cannot be read, failed, was stopped at a limit, or refused the messages; names
 * the template, the line and column, and what can be done.
 */
public final class ChatTemplateException extends DeltaLlmException {
    private static final long serialVersionUID = 1;

    private final @Nullable String refusal;

    ChatTemplateException(String message, Fault cause) {
        super(message, cause);
        this.refusal = cause.kind() == Fault.Kind.REFUSED ? cause.what() : null;
    }

    /**
     * What the template itself said in {@code raise_exception}: the messages are at fault, not the
     * template. Empty for every other error.
     */
    public Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }
}
