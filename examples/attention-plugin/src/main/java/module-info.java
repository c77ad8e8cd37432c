/** An attention strategy of somebody else's. */
module org.example.halfway {
    requires io.github.deltallm.api;

    provides io.github.deltallm.api.spi.AttentionProvider with
            org.example.halfway.Halfway;
}
