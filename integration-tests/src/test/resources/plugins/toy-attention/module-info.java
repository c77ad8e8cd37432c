/** An attention strategy that somebody else wrote. */
module org.example.attention {
    requires io.github.deltallm.api;

    provides io.github.deltallm.api.spi.AttentionProvider with
            org.example.attention.ToyAttention;
}
