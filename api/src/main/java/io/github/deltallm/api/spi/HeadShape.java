package io.github.deltallm.api.spi;

/**
 * The attention geometry of a model: grouped-query attention, the same in every layer.
 *
 * @param layers number of transformer layers
 * @param heads query heads a layer
 * @param kvHeads key-value heads a layer; {@code heads} is a multiple of it
 * @param headDim channels a head
 */
public record HeadShape(int layers, int heads, int kvHeads, int headDim) {
    public HeadShape {
        if (layers < 1 || heads < 1 || kvHeads < 1 || headDim < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(
                    "no attention of "
                            + layers
                            + " layers, "
                            + heads
                            + " query heads, "
                            + kvHeads
                            + " key-value heads and head dimension "
                            + headDim
                            + " exists");
        }
    }

    /** Query heads that share one key-value head. */
    public int group() {
        return heads / kvHeads;
    }

    /** Width of a row of queries: all query heads side by side. */
    public int queryWidth() {
        return heads * headDim;
    }

    /** Width of a row of keys or of values. */
    public int kvWidth() {
        return kvHeads * headDim;
    }
}
