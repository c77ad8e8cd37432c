import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.backend.opencl.OpenClBackendProvider;

import org.jspecify.annotations.NullMarked;

/**
 * The OpenCL backend: GPUs and whatever else has an OpenCL 1.2 driver.
 *
 * @provides BackendProvider named {@code opencl}, with weight 50
 */
@NullMarked
module io.github.deltallm.backend.opencl {
    requires io.github.deltallm.api;
    requires static org.jspecify;

    provides BackendProvider with
            OpenClBackendProvider;
}
