/** A backend that hangs, crashes and computes wrongly, each in one operation. */
module org.example.troubled {
    requires io.github.deltallm.api;

    uses io.github.deltallm.api.spi.BackendProvider;

    provides io.github.deltallm.api.spi.BackendProvider with
            org.example.troubled.TroubledProvider;
}
