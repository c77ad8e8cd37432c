/** A backend that somebody else wrote; it leaves the work to another one. */
module org.example.backend {
    requires io.github.deltallm.api;

    uses io.github.deltallm.api.spi.BackendProvider;

    provides io.github.deltallm.api.spi.BackendProvider with
            org.example.backend.ToyBackendProvider;
}
