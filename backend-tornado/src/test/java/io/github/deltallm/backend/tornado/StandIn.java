package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.spi.BackendProvider;

/** Which TornadoVM the tests run on: the real one, or what stands in for it. */
final class StandIn {
    private StandIn() {}

    /** Whether kernels run as plain Java. */
    static boolean present() {
        return TornadoDevice.all().stream().anyMatch(device -> device.name().contains("stand-in"));
    }

    static BackendProvider provider() {
        return new TornadoBackendProvider();
    }
}
