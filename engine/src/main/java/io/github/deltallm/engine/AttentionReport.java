package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.KvCache;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What attention computed in a session, and what its cache holds.
 *
 * @param spec the strategy that runs now, with all its settings
 * @param requested the attention as it was asked for, such as {@code auto}
 * @param note when {@code auto} has changed from dense to delta, or why it could not
 * @param prefill sums over the layers for prompt positions
 * @param decode sums over the layers for generated positions
 * @param layers sums over both stages, a layer each
 * @param bytes the cache's memory now
 */
public record AttentionReport(
        AttentionSpec spec,
        AttentionSpec requested,
        Optional<String> note,
        AttentionCounts prefill,
        AttentionCounts decode,
        List<AttentionCounts> layers,
        CacheBytes bytes) {
    public AttentionReport {
        layers = List.copyOf(layers);
    }

    /** Sums over layers and stages. */
    public AttentionCounts total() {
        return prefill.plus(decode);
    }

    /**
     * The sums of two sessions that were asked for the same attention; their memory adds up too.
     * The strategy is this one's, and a note tells where the other one's was different.
     */
    public AttentionReport plus(AttentionReport other) {
        List<AttentionCounts> sums = new ArrayList<>();
        for (int layer = 0; layer < layers.size(); layer++) {
            sums.add(layers.get(layer).plus(other.layers.get(layer)));
        }
        return new AttentionReport(
                spec,
                requested,
                spec.equals(other.spec) ? note : Optional.of("in part " + other.spec.name()),
                prefill.plus(other.prefill),
                decode.plus(other.decode),
                sums,
                bytes.plus(other.bytes));
    }

    static AttentionReport of(SessionCache cache, int layerCount) {
        AttentionCounts prefill = AttentionCounts.ZERO;
        AttentionCounts decode = AttentionCounts.ZERO;
        List<AttentionCounts> layers = new ArrayList<>();
        for (int layer = 0; layer < layerCount; layer++) {
            AttentionCounts prompt = cache.counts(layer, KvCache.Stage.PREFILL);
            AttentionCounts generated = cache.counts(layer, KvCache.Stage.DECODE);
            prefill = prefill.plus(prompt);
            decode = decode.plus(generated);
            layers.add(prompt.plus(generated));
        }
        return new AttentionReport(
                cache.running(),
                cache.requested(),
                cache.note(),
                prefill,
                decode,
                layers,
                cache.current().bytes());
    }
}
