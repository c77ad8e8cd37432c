package io.github.deltallm.engine;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.api.spi.KvCache;

import java.util.ArrayList;
import java.util.List;

/**
 * What attention computed in a session, and what its cache holds.
 *
 * @param spec the strategy with all its settings
 * @param prefill sums over the layers for prompt positions
 * @param decode sums over the layers for generated positions
 * @param layers sums over both stages, a layer each
 * @param bytes the cache's memory now
 */
public record AttentionReport(
        AttentionSpec spec,
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

    /** The sums of two sessions under the same strategy; their memory adds up too. */
    public AttentionReport plus(AttentionReport other) {
        List<AttentionCounts> sums = new ArrayList<>();
        for (int layer = 0; layer < layers.size(); layer++) {
            sums.add(layers.get(layer).plus(other.layers.get(layer)));
        }
        return new AttentionReport(
                spec,
                prefill.plus(other.prefill),
                decode.plus(other.decode),
                sums,
                bytes.plus(other.bytes));
    }

    static AttentionReport of(KvCache cache, int layerCount) {
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
        return new AttentionReport(cache.strategy().spec(), prefill, decode, layers, cache.bytes());
    }
}
