import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.backend.reference.ReferenceProvider;

import org.jspecify.annotations.NullMarked;

/**
 * The plain scalar backend: the oracle of every test.
 *
 * @provides BackendProvider named {@code reference}, with weight 1: {@code auto} prefers any other
 */
@NullMarked
module io.github.deltallm.backend.reference {
    requires io.github.deltallm.api;
    requires static org.jspecify;

    provides BackendProvider with
            ReferenceProvider;
}
