import org.jspecify.annotations.NullMarked;

/**
 * The contracts of DeltaLLM.
 *
 * <p>{@code io.github.deltallm.api} holds what an application sees of every module: its exceptions
 * and results. {@code io.github.deltallm.api.spi} holds what a plugin implements: a backend, a
 * model family or an attention strategy.
 */
@NullMarked
module io.github.deltallm.api {
    requires static org.jspecify;

    exports io.github.deltallm.api;
    exports io.github.deltallm.api.spi;
}
