package io.github.deltallm.backend.tornado;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.conformance.tests.BackendConformance;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;

/** The conformance kit on TornadoVM. */
@DisplayName("tornado")
class TornadoConformanceTest extends BackendConformance {
    @BeforeAll
    static void requireTornadoVm() {
        assumeFalse(
                StandIn.present(),
                "there is no TornadoVM: set TORNADOVM_HOME to its SDK for JDK 25");
    }

    @Override
    protected BackendProvider provider() {
        return StandIn.provider();
    }
}
