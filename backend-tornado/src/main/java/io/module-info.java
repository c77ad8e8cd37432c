import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.backend.tornado.TornadoBackendProvider;

import org.jspecify.annotations.NullMarked;

/**
 * The TornadoVM backend.
 *
 * <p>The runtime of TornadoVM is no part of it: without one on the path the backend says that it is
 * unavailable.
 *
 * @provides BackendProvider named {@code tornado}
 */
@NullMarked
@SuppressWarnings("module") // tornado.runtime is there only where TornadoVM is
module io.github.deltallm.backend.tornado {
    requires io.github.deltallm.api;
    requires static org.jspecify;
    requires static tornado.api;

    opens io.github.deltallm.backend.tornado to
            tornado.runtime,
            tornado.annotation,
            tornado.drivers.common,
            tornado.drivers.opencl;

    provides BackendProvider with
            TornadoBackendProvider;
}
