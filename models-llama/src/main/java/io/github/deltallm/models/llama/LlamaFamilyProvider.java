package io.github.deltallm.models.llama;

import io.github.deltallm.api.spi.ModelDefinition;
import io.github.deltallm.api.spi.ModelFamilyProvider;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding.Pairing;
import io.github.deltallm.api.spi.TransformerShape;

import java.util.Map;
import java.util.Set;

/** Claims the architectures that compute as Llama does. */
public final class LlamaFamilyProvider implements ModelFamilyProvider {
    /** GGUF files of architecture {@code llama} have their query and key rows permuted to pairs. */
    private static final Map<String, Pairing> PAIRINGS =
            Map.of("llama", Pairing.INTERLEAVED, "qwen2", Pairing.HALVES);

    /** For {@link java.util.ServiceLoader}. */
    public LlamaFamilyProvider() {}

    @Override
    public String name() {
        return "llama";
    }

    @Override
    public Set<String> architectures() {
        return PAIRINGS.keySet();
    }

    @Override
    public ModelDefinition define(ModelSource source) {
        String architecture = source.metadata().requireText("general.architecture");
        Pairing pairing = PAIRINGS.get(architecture);
        if (pairing == null) {
            throw new IllegalArgumentException(
                    "the llama family does not claim the architecture " + architecture);
        }
        TransformerShape shape = TransformerShape.of(source, architecture, pairing);
        Program program = new LlamaGraph(source, shape).record();
        return new ModelDefinition(
                architecture, shape.width(), shape.contextLength(), shape.vocabulary(), program);
    }
}
