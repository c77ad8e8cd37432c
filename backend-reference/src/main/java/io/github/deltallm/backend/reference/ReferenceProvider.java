package io.github.deltallm.backend.reference;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.List;

/** Provides the backend {@code reference}, which works everywhere and is chosen last. */
public final class ReferenceProvider implements BackendProvider {
    private static final String DEVICE = "java";

    /** For {@link java.util.ServiceLoader}. */
    public ReferenceProvider() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int weight() {
        return 1;
    }

    @Override
    public BackendProbe probe() {
        return new BackendProbe.Available(List.of(DEVICE), List.of("delta"));
    }

    @Override
    public Backend open(BackendOptions options) {
        options.device()
                .filter(device -> !device.equals(DEVICE))
                .ifPresent(device -> {
                    throw new InvalidOptionException(
                            "the backend reference has no device '"
                                    + device
                                    + "'; its only one is '"
                                    + DEVICE
                                    + "'");
                });
        int threads = options.threads();
        return new ReferenceBackend(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
    }
}
