import org.jspecify.annotations.NullMarked;

/** The plain scalar backend: the oracle of every test. */
@NullMarked
module io.github.deltallm.backend.reference {
    requires io.github.deltallm.api;
    requires static org.jspecify;
}
