import org.jspecify.annotations.NullMarked;

/**
 * Delta attention (DeltaLLM, arXiv 2507.19608) and the strategies it is compared with.
 *
 * @provides io.github.deltallm.api.spi.AttentionProvider named {@code delta}, {@code prune} and
 *     {@code window}
 */
@NullMarked
module io.github.deltallm.attention.delta {
    requires io.github.deltallm.api;
    requires tools.jackson.core;
    requires static org.jspecify;

    provides io.github.deltallm.api.spi.AttentionProvider with
            io.github.deltallm.attention.delta.DeltaAttentionProvider,
            io.github.deltallm.attention.delta.PruneAttentionProvider,
            io.github.deltallm.attention.delta.WindowAttentionProvider;
}
