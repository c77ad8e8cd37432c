package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.Optional;
import java.util.ServiceLoader;

/** Opens the backend {@code reference}. */
final class Oracle {
    private Oracle() {}

    static Backend open(Precision precision) {
        return ServiceLoader.load(BackendProvider.class, Oracle.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.name().equals("reference"))
                .findFirst()
                .orElseThrow()
                .open(new BackendOptions(0, precision, Optional.empty()));
    }
}
