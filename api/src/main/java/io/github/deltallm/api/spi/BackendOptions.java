package io.github.deltallm.api.spi;

import io.github.deltallm.api.Precision;

import java.util.Optional;

/**
 * How to open a backend.
 *
 * @param threads number of CPU threads, 0 for the number of physical cores
 * @param precision whether activations may be rounded for speed
 * @param device one of the probe's devices; empty for the default
 */
public record BackendOptions(int threads, Precision precision, Optional<String> device) {
    public static final BackendOptions DEFAULT =
            new BackendOptions(0, Precision.FAST, Optional.empty());

    public BackendOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("the number of threads is " + threads);
        }
    }
}
