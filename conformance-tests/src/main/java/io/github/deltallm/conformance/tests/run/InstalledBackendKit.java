package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.conformance.tests.BackendConformance;

import org.junit.jupiter.api.extension.ExtendWith;

/** The kit for backends against one that is installed. */
@ExtendWith(Target.Resolver.class)
final class InstalledBackendKit extends BackendConformance {
    private final BackendProvider provider;

    InstalledBackendKit(Target target) {
        provider = InstalledBackend.of(target);
    }

    @Override
    protected BackendProvider provider() {
        return provider;
    }
}
