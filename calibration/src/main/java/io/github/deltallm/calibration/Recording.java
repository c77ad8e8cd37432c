package io.github.deltallm.calibration;

import io.github.deltallm.api.spi.HeadShape;

/** Queries, keys and values of one sequence in some layers, sorted by head. */
final class Recording {
    private final HeadShape heads;
    private final int firstLayer;
    private final float[][][] queries;
    private final float[][][] keys;
    private final float[][][] values;

    /** An empty recording of layers {@code [fromLayer, toLayer)}. */
    Recording(HeadShape heads, int fromLayer, int toLayer, int length) {
        this.heads = heads;
        firstLayer = fromLayer;
        int layers = toLayer - fromLayer;
        queries = new float[layers][heads.heads()][length * heads.headDim()];
        keys = new float[layers][heads.kvHeads()][length * heads.headDim()];
        values = new float[layers][heads.kvHeads()][length * heads.headDim()];
    }

    /** Bytes that a layer takes. */
    static long layerBytes(HeadShape heads, int length) {
        return (long) Float.BYTES * length * (heads.queryWidth() + 2 * heads.kvWidth());
    }

    /** Takes a layer's rows of one chunk, as {@link Probe.LayerRows}. */
    void take(int layer, int first, float[] query, float[] key, float[] value) {
        sort(query, queries[layer - firstLayer], first);
        sort(key, keys[layer - firstLayer], first);
        sort(value, values[layer - firstLayer], first);
    }

    private void sort(float[] rows, float[][] byHead, int first) {
        int dim = heads.headDim();
        int width = byHead.length * dim;
        for (int row = 0; row < rows.length / width; row++) {
            for (int head = 0; head < byHead.length; head++) {
                System.arraycopy(
                        rows, row * width + head * dim, byHead[head], (first + row) * dim, dim);
            }
        }
    }

    /** {@code [length, headDim]} of a query head. */
    float[] queries(int layer, int head) {
        return queries[layer - firstLayer][head];
    }

    /** {@code [length, headDim]} of a KV head. */
    float[] keys(int layer, int kvHead) {
        return keys[layer - firstLayer][kvHead];
    }

    /** As {@link #keys}. */
    float[] values(int layer, int kvHead) {
        return values[layer - firstLayer][kvHead];
    }
}
