package io.github.deltallm.api;

/**
 * The memory of a KV cache, as allocated, not as theory has it.
 *
 * @param keys bytes allocated for keys: exact rows, delta streams, masks, anchors and the slack of
 *     their pages
 * @param values the same for values
 * @param denseKeys what a dense bf16 cache of the same length holds for keys
 * @param denseValues the same for values
 */
public record CacheBytes(long keys, long values, long denseKeys, long denseValues) {
    public static final CacheBytes ZERO = new CacheBytes(0, 0, 0, 0);

    public CacheBytes plus(CacheBytes other) {
        return new CacheBytes(
                keys + other.keys,
                values + other.values,
                denseKeys + other.denseKeys,
                denseValues + other.denseValues);
    }
}
