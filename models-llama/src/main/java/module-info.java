import org.jspecify.annotations.NullMarked;

/** The Llama family of models: Llama 2 and 3, SmolLM2, TinyLlama, Mistral, Qwen 2. */
@NullMarked
module io.github.deltallm.models.llama {
    requires io.github.deltallm.api;
    requires static org.jspecify;

    provides io.github.deltallm.api.spi.ModelFamilyProvider with
            io.github.deltallm.models.llama.LlamaFamilyProvider;
}
