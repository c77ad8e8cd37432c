package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendProvider;

import java.util.ServiceLoader;

/** Finds the backend {@code reference}. */
final class Reference {
    private Reference() {}

    static BackendProvider provider() {
        return ServiceLoader.load(BackendProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.name().equals("reference"))
                .findFirst()
                .orElseThrow();
    }
}
