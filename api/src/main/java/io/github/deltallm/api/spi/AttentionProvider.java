package io.github.deltallm.api.spi;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;

import java.util.List;

/** Makes attention strategies of one name; found by {@link java.util.ServiceLoader}. */
public interface AttentionProvider {
    /**
     * The name in a specification, such as {@code dense}; a lower-case word, unique among
     * providers.
     */
    String name();

    /** One line for people: what it does and what its settings mean. */
    String description();

    /** The keys that a specification may set. */
    List<String> settings();

    /**
     * Makes the strategy of a specification.
     *
     * @throws io.github.deltallm.api.InvalidOptionException if a setting is unknown or has no
     *     meaning
     */
    AttentionStrategy create(AttentionSpec spec, Context context);

    /**
     * What a strategy is made for.
     *
     * @param heads the model's attention geometry
     * @param model which model it is
     * @param precision under {@link Precision#F32} whatever the specification leaves open is kept
     *     as f32
     */
    record Context(HeadShape heads, ModelIdentity model, Precision precision) {
        /** The store for exact rows where the specification leaves it open. */
        public Encoding.Store defaultStore() {
            return precision == Precision.F32 ? Encoding.Store.F32 : Encoding.Store.BF16;
        }
    }
}
