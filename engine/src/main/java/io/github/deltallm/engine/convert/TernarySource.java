package io.github.deltallm.engine.convert;

/**
 * The weights of a tensor as values -1, 0 and +1 with scales. Values are counted through all rows;
 * a run begins at a whole block and has one scale. Used by one thread.
 */
interface TernarySource {
    /** Values a run, at least: a block of the tensor's own type. */
    int blockSize();

    /**
     * Reads a run of values.
     *
     * @return their scale
     * @throws io.github.deltallm.api.ModelFormatException if the tensor is damaged
     */
    float read(long from, int count, byte[] trits);

    /**
     * The scale that all weights have.
     *
     * @throws io.github.deltallm.api.UnsupportedModelException if there is no such scale
     */
    float scale();

    /**
     * The largest difference between a weight of the run last read and its {@code trit * scale}.
     */
    double error(int count, byte[] trits, float scale);

    /** Whether the weights were ternary from the beginning. */
    boolean exact();
}
