package io.github.deltallm.integration;

import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.conformance.tests.BackendConformance;

import org.junit.jupiter.api.DisplayName;

import java.util.ServiceLoader;

/** The conformance kit for backends against the backend {@code opencl}, where there is a device. */
@DisplayName("opencl")
class OpenClConformanceTest extends BackendConformance {
    @Override
    protected BackendProvider provider() {
        return ServiceLoader.load(BackendProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.name().equals("opencl"))
                .findFirst()
                .orElseGet(() -> abort("no installed module provides the backend opencl"));
    }
}
