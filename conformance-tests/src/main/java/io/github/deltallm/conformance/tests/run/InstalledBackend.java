package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.engine.Providers;

import java.util.Optional;

/**
 * A backend that is installed, on one of its devices.
 *
 * @param device taken where no other is asked for; empty for the backend's own default
 */
record InstalledBackend(BackendProvider backend, Optional<String> device)
        implements BackendProvider {
    static InstalledBackend of(Target target) {
        return new InstalledBackend(
                Providers.installed().backend(target.backend()), target.device());
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public int weight() {
        return backend.weight();
    }

    @Override
    public BackendProbe probe() {
        return backend.probe();
    }

    @Override
    public Backend open(BackendOptions options) {
        return backend.open(
                options.device().isPresent()
                        ? options
                        : new BackendOptions(options.threads(), options.precision(), device));
    }
}
