package io.github.deltallm.attention.delta;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.HeadShape;

import java.util.Collections;
import java.util.List;

/**
 * The context-aware hybrid: sinks and recent keys exactly, those between as encoded, or not at all.
 *
 * @param heads by layer and KV head
 */
record HybridAttention(
        AttentionSpec spec, ExactRuns runs, boolean dropsMiddle, List<List<KvEncoding>> heads)
        implements AttentionStrategy {

    /** How one head is kept. */
    record KvEncoding(Encoding keys, Encoding values) {
        /** The same for every head of a model. */
        List<List<KvEncoding>> everywhere(HeadShape shape) {
            return Collections.nCopies(shape.layers(), Collections.nCopies(shape.kvHeads(), this));
        }
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return heads.get(layer).get(kvHead).keys();
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return heads.get(layer).get(kvHead).values();
    }

    @Override
    public int sinks(int layer, int kvHead) {
        return runs.sinks();
    }

    @Override
    public boolean dropsMiddle(int layer, int kvHead) {
        return dropsMiddle;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return runs.window().of(request);
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return runs.exactFrom(position, request);
    }
}
