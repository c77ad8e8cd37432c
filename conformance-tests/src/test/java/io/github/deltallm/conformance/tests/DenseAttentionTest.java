package io.github.deltallm.conformance.tests;

import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.engine.Providers;

import org.junit.jupiter.api.DisplayName;

import java.util.List;

/** The engine's own attention. */
@DisplayName("dense")
class DenseAttentionTest extends AttentionConformance {
    @Override
    protected AttentionProvider provider() {
        return Providers.installed().attention("dense");
    }

    @Override
    protected List<String> specs() {
        return List.of("dense", "dense:keys=bf16,values=int8", "dense:values=int4");
    }

    @Override
    protected List<String> refused() {
        return List.of("dense:keys=f16", "dense:values=");
    }
}
