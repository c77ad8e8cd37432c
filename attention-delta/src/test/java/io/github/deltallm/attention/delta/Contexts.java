package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.AttentionProvider.Context;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelIdentity;

/** A model of two layers, one KV head and four channels. */
final class Contexts {
    static final HeadShape HEADS = new HeadShape(2, 2, 1, 4);

    private Contexts() {}

    /** A model that no profile was made for. */
    static Context unknown(Precision precision) {
        return new Context(HEADS, new Model(7, "c"), precision);
    }

    static Context of(ModelIdentity model) {
        return new Context(HEADS, model, Precision.FAST);
    }

    static AttentionStrategy create(AttentionProvider provider, String spec) {
        return provider.create(AttentionSpec.parse(spec), unknown(Precision.FAST));
    }

    /** A model file whose SHA-256 consists of one digit. */
    record Model(long size, String digit) implements ModelIdentity {
        @Override
        public String sha256() {
            return digit.repeat(64);
        }
    }
}
