package io.github.deltallm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelIdentity;

import org.junit.jupiter.api.Test;

class ProvidersTest {
    private final Providers providers = Providers.installed();

    @Test
    void denseAttentionIsAlwaysThere() {
        assertThat(providers.attentions())
                .extracting(found -> found.provider().name())
                .contains("dense");
    }

    @Test
    void denseKeepsF32UnlessTheSpecificationSaysOtherwise() {
        assertThat(dense("dense", Precision.FAST).keys(0, 0))
                .isEqualTo(new Encoding.Exact(Encoding.Store.F32));
        assertThat(dense("dense", Precision.F32).values(0, 0))
                .isEqualTo(new Encoding.Exact(Encoding.Store.F32));
        AttentionStrategy mixed = dense("dense:keys=int8", Precision.F32);
        assertThat(mixed.keys(0, 0)).isEqualTo(new Encoding.Exact(Encoding.Store.INT8));
        assertThat(mixed.spec()).hasToString("dense:keys=int8,values=f32");
    }

    @Test
    void anUnknownAttentionListsTheInstalledOnes() {
        assertThatThrownBy(() -> providers.attention("dens"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("dens")
                .hasMessageContaining("dense");
        assertThatThrownBy(() -> dense("dense:key=f32", Precision.FAST))
                .hasMessageContaining("keys, values");
    }

    @Test
    void anUnknownArchitectureNamesFileAndArchitecture() {
        assertThatThrownBy(() -> providers.family("mamba", "m.gguf"))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("mamba")
                .hasMessageContaining("m.gguf");
    }

    @Test
    void withoutABackendThereIsAClearError() {
        // The engine's own tests run without any backend on the path.
        BackendChoice choice = new BackendChoice(providers);
        assertThatThrownBy(() -> choice.open("auto", BackendOptions.DEFAULT))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("deltallm-backend-cpu");
        assertThatThrownBy(() -> choice.open("gpu", BackendOptions.DEFAULT))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("gpu");
    }

    private record NoIdentity() implements ModelIdentity {
        @Override
        public long size() {
            return 0;
        }

        @Override
        public String sha256() {
            throw new UnsupportedOperationException("dense attention is for any model");
        }
    }

    private AttentionStrategy dense(String spec, Precision precision) {
        AttentionProvider dense = providers.attention("dense");
        return dense.create(
                AttentionSpec.parse(spec),
                new AttentionProvider.Context(
                        new HeadShape(1, 1, 1, 8), new NoIdentity(), precision));
    }
}
