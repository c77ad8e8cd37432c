import org.jspecify.annotations.NullMarked;

/**
 * Opens models and generates text: registry of plugins, GGUF, tokenizers, chat templates, sampling
 * and sessions.
 *
 * <p>Start at {@link io.github.deltallm.engine.Model}.
 *
 * @uses io.github.deltallm.api.spi.BackendProvider
 * @uses io.github.deltallm.api.spi.ModelFamilyProvider
 * @uses io.github.deltallm.api.spi.AttentionProvider
 */
@NullMarked
@SuppressWarnings("module") // the modules of qualified exports are compiled later
module io.github.deltallm.engine {
    requires transitive io.github.deltallm.api;
    requires static org.jspecify;

    exports io.github.deltallm.engine;
    exports io.github.deltallm.engine.convert;
    exports io.github.deltallm.engine.tokenizer;
    exports io.github.deltallm.engine.gguf to
            io.github.deltallm.cli,
            io.github.deltallm.conformance.tests;

    uses io.github.deltallm.api.spi.AttentionProvider;
    uses io.github.deltallm.api.spi.BackendProvider;
    uses io.github.deltallm.api.spi.ModelFamilyProvider;

    provides io.github.deltallm.api.spi.AttentionProvider with
            io.github.deltallm.engine.attention.DenseAttentionProvider;
}
