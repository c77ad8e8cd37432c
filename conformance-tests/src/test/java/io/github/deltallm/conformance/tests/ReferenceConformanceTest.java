package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.BackendProvider;

import org.junit.jupiter.api.DisplayName;

/** The oracle itself, against the formulas of the kit. */
@DisplayName("reference")
class ReferenceConformanceTest extends BackendConformance {
    @Override
    protected BackendProvider provider() {
        return Reference.provider();
    }
}
