package io.github.deltallm.calibration;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.AttentionStrategy;
import io.github.deltallm.api.spi.Encoding;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Attention as a trial needs it: keys delta-encoded in some layers, everything else dense.
 *
 * @param keys the encodings of a layer's KV heads; empty for a dense layer, and no layers at all
 *     for dense attention
 * @param size the exact window
 */
record TrialAttention(List<Optional<List<Encoding.Delta>>> keys, WindowSize size)
        implements AttentionStrategy {
    private static final Encoding EXACT = new Encoding.Exact(Encoding.Store.F32);

    /** What trials are compared with. */
    static TrialAttention dense() {
        return new TrialAttention(List.of(), WindowSize.DEFAULT);
    }

    /** What a profile says, in all layers. */
    static TrialAttention of(CalibrationProfile profile, WindowSize size) {
        return new TrialAttention(
                profile.layers().stream()
                        .map(heads ->
                                Optional.of(
                                        heads.stream()
                                                .map(head ->
                                                        encoding(
                                                                head.thresholds(profile.theta()),
                                                                head.steps()))
                                                .toList()))
                        .toList(),
                size);
    }

    /** The encoding of a head's keys: int8 events, the coarsest. */
    static Encoding.Delta encoding(float[] thresholds, float[] steps) {
        return new Encoding.Delta(
                thresholds, false, Encoding.Events.INT8, steps, Encoding.Store.F32);
    }

    @Override
    public AttentionSpec spec() {
        return new AttentionSpec("trial", Map.of("window", size.text()));
    }

    @Override
    public Encoding keys(int layer, int kvHead) {
        return encoded(layer) ? keys.get(layer).orElseThrow().get(kvHead) : EXACT;
    }

    @Override
    public Encoding values(int layer, int kvHead) {
        return EXACT;
    }

    @Override
    public int window(int layer, int kvHead, Request request) {
        return encoded(layer) ? size.of(request.tokens()) : UNBOUNDED;
    }

    @Override
    public int exactFrom(int layer, int kvHead, int position, Request request) {
        return encoded(layer) ? Math.max(0, position - size.of(request.tokens()) + 1) : 0;
    }

    private boolean encoded(int layer) {
        return layer < keys.size() && keys.get(layer).isPresent();
    }
}
