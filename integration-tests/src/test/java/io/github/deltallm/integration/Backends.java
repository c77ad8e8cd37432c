package io.github.deltallm.integration;

import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.ServiceLoader;

/** Backends that some machines have and others don't. */
final class Backends {
    private Backends() {}

    /** Skips the test where a backend can't work, with the reason and the remedy. */
    static String require(String name) {
        BackendProvider provider =
                ServiceLoader.load(BackendProvider.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst()
                        .orElseGet(() -> abort("no installed module provides " + name));
        if (provider.probe() instanceof BackendProbe.Unavailable unavailable) {
            abort(name + ": " + unavailable.reason() + "; " + unavailable.remedy());
        }
        return name;
    }
}
