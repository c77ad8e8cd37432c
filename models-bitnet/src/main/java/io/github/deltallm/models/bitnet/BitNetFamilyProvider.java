package io.github.deltallm.models.bitnet;

import io.github.deltallm.api.spi.ModelDefinition;
import io.github.deltallm.api.spi.ModelFamilyProvider;
import io.github.deltallm.api.spi.ModelSource;
import io.github.deltallm.api.spi.Op.GateFunction;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.RotaryEmbedding.Pairing;
import io.github.deltallm.api.spi.TransformerShape;

import java.util.Map;
import java.util.Set;

/** Claims the architectures that compute as BitNet b1.58 does. */
public final class BitNetFamilyProvider implements ModelFamilyProvider {
    /**
     * {@code bitnet} is what the first reproductions of the paper (2B to 4B parameters) were
     * called: Llama's activation, everything else as in its successors.
     */
    private static final Map<String, GateFunction> ACTIVATIONS =
            Map.of(
                    "bitnet-b1.58", GateFunction.SQUARED_RELU,
                    "bitnet-25", GateFunction.SQUARED_RELU,
                    "bitnet", GateFunction.SILU);

    /** For {@link java.util.ServiceLoader}. */
    public BitNetFamilyProvider() {}

    @Override
    public String name() {
        return "bitnet";
    }

    @Override
    public Set<String> architectures() {
        return ACTIVATIONS.keySet();
    }

    @Override
    public ModelDefinition define(ModelSource source) {
        String architecture = source.metadata().requireText("general.architecture");
        GateFunction activation = ACTIVATIONS.get(architecture);
        if (activation == null) {
            throw new IllegalArgumentException(
                    "the bitnet family does not claim the architecture " + architecture);
        }
        TransformerShape shape = TransformerShape.of(source, architecture, Pairing.HALVES);
        Program program = new BitNetGraph(source, shape, activation).record();
        return new ModelDefinition(
                architecture, shape.width(), shape.contextLength(), shape.vocabulary(), program);
    }
}
