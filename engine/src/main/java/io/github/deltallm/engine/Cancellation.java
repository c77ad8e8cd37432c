package io.github.deltallm.engine;

import io.github.deltallm.api.CancelledException;

/**
 * Lets one thread stop what another one computes: honoured between chunks of a prompt and between
 * tokens.
 */
public final class Cancellation {
    private volatile boolean cancelled;

    /** Not cancelled yet. */
    public Cancellation() {}

    /** Asks for the computation to stop; may be called from any thread, any number of times. */
    public void cancel() {
        cancelled = true;
    }

    public boolean cancelled() {
        return cancelled;
    }

    void check() {
        if (cancelled) {
            throw new CancelledException("the request was cancelled");
        }
    }
}
