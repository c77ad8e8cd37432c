package io.github.deltallm.api.spi;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.RotaryEmbedding.Pairing;

/**
 * The hyperparameters that every decoder with grouped-query attention, RMSNorm and rotary embedding
 * has in a GGUF file, read and checked: what a {@link ModelFamilyProvider} starts from.
 *
 * @param heads the attention's geometry; {@code heads.queryWidth()} may differ from {@code width}
 * @param width channels of the residual stream
 * @param feedForward channels inside a feed-forward layer
 * @param vocabulary rows of {@code token_embd.weight}
 * @param contextLength positions that the model was trained for
 * @param epsilon added to the mean square in every RMSNorm
 * @param rope with the frequencies already scaled as the file says
 */
public record TransformerShape(
        HeadShape heads,
        int width,
        int feedForward,
        int vocabulary,
        int contextLength,
        float epsilon,
        RotaryEmbedding rope) {

    // Generous bounds: they keep products inside an int and lies out, not unusual models.
    private static final int MOST_LAYERS = 10_000;
    private static final int MOST_WIDTH = 1 << 20;

    /** Positions up to here are exact as fp32. */
    private static final int MOST_CONTEXT = 1 << 24;

    /**
     * Reads {@code ARCHITECTURE.block_count}, {@code .embedding_length} and the like.
     *
     * @param architecture what the keys begin with
     * @param pairing which channels the architecture rotates together
     * @throws ModelFormatException if a key is missing or its value makes no sense; names the file
     *     and the key
     * @throws UnsupportedModelException for mixtures of experts, heads whose keys and values differ
     *     in size, and other rotary scalings than linear ones and Llama 3.1's
     */
    public static TransformerShape of(ModelSource source, String architecture, Pairing pairing) {
        Metadata metadata = source.metadata();
        String prefix = architecture + ".";
        refuseExperts(metadata, prefix);
        int layers = metadata.requireInt(prefix + "block_count", 1, MOST_LAYERS);
        int width = metadata.requireInt(prefix + "embedding_length", 1, MOST_WIDTH);
        int feedForward = metadata.requireInt(prefix + "feed_forward_length", 1, MOST_WIDTH);
        HeadShape heads = heads(metadata, prefix, layers, width);
        int vocabulary = vocabulary(source, width);
        int context = metadata.requireInt(prefix + "context_length", 1, MOST_CONTEXT);
        float epsilon = epsilon(metadata, prefix + "attention.layer_norm_rms_epsilon");
        double[] frequencies = new RopeFrequencies(source, prefix, heads.headDim()).scaled();
        return new TransformerShape(
                heads,
                width,
                feedForward,
                vocabulary,
                context,
                epsilon,
                new RotaryEmbedding(pairing, frequencies));
    }

    private static void refuseExperts(Metadata metadata, String prefix) {
        if (metadata.intOr(prefix + "expert_count", 0, 0, Integer.MAX_VALUE) > 0) {
            throw new UnsupportedModelException(
                    metadata.source()
                            + ": mixture-of-experts models ("
                            + prefix
                            + "expert_count) are not supported; use a dense model of the family");
        }
    }

    private static HeadShape heads(Metadata metadata, String prefix, int layers, int width) {
        String headsKey = prefix + "attention.head_count";
        int heads = metadata.requireInt(headsKey, 1, width);
        int kvHeads = metadata.intOr(headsKey + "_kv", heads, 1, heads);
        if (heads % kvHeads != 0) {
            throw new ModelFormatException(
                    String.format(
                            "%s: %s is %d, no multiple of the %d key-value heads",
                            metadata.source(), headsKey, heads, kvHeads));
        }
        String lengthKey = prefix + "attention.key_length";
        int headDim = metadata.intOr(lengthKey, width / heads, 1, MOST_WIDTH);
        int valueDim = metadata.intOr(prefix + "attention.value_length", headDim, 1, MOST_WIDTH);
        if (valueDim != headDim) {
            throw new UnsupportedModelException(
                    String.format(
                            "%s: heads with %d key and %d value channels are not supported",
                            metadata.source(), headDim, valueDim));
        }
        if ((long) heads * headDim > MOST_WIDTH || headDim % 2 != 0) {
            throw new ModelFormatException(
                    String.format(
                            "%s: %d heads of %d channels (%s, %s) make no sense",
                            metadata.source(), heads, headDim, headsKey, lengthKey));
        }
        return new HeadShape(layers, heads, kvHeads, headDim);
    }

    private static int vocabulary(ModelSource source, int width) {
        return source.requireTensor(
                        "token_embd.weight",
                        source.tensor("token_embd.weight").map(t -> t.rows()).orElse(1),
                        width)
                .rows();
    }

    private static float epsilon(Metadata metadata, String key) {
        double epsilon =
                metadata.real(key)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        metadata.source()
                                                + ": the required metadata key "
                                                + key
                                                + " is missing"));
        if (!(epsilon >= 0 && epsilon < 1)) {
            throw new ModelFormatException(
                    metadata.source()
                            + ": metadata key "
                            + key
                            + " is "
                            + epsilon
                            + ", but it must be at least 0 and less than 1");
        }
        return (float) epsilon;
    }
}
