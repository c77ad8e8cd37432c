package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

/** Keeps everything exactly, as f32. */
record DenseStrategy() implements AttentionStrategy {
    @Override
    public AttentionSpec spec() {
        return AttentionSpec.parse("dense");
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return new Encoding.Exact(Encoding.Store.F32);
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return new Encoding.Exact(Encoding.Store.F32);
    }
}
