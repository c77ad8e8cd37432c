import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.backend.cpu.CpuBackendProvider;

import org.jspecify.annotations.NullMarked;

/**
 * The CPU backend: kernels on the Vector API.
 *
 * @provides BackendProvider named {@code cpu}, with weight 100
 */
@NullMarked
module io.github.deltallm.backend.cpu {
    requires io.github.deltallm.api;
    requires jdk.incubator.vector;
    requires static org.jspecify;

    provides BackendProvider with
            CpuBackendProvider;
}
