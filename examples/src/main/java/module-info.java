import org.jspecify.annotations.NullMarked;

/** Small programs that use the library as its users do. */
@NullMarked
module io.github.deltallm.examples {
    requires io.github.deltallm.engine;
    requires static org.jspecify;

    provides io.github.deltallm.api.spi.AttentionProvider with
            io.github.deltallm.examples.ExampleWindow;
}
