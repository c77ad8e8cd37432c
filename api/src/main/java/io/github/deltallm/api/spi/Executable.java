package io.github.deltallm.api.spi;

/**
 * A {@link Program} compiled by a backend, with the buffers for its activations.
 *
 * <p>Threads may share it: runs exclude one another. Caches are made by it and work only with it.
 * Closing waits for a run in progress; its caches must not be used afterwards.
 */
public interface Executable extends AutoCloseable {
    Program program();

    /** The largest number of rows of a step. */
    int maxRows();

    /**
     * A new, empty sequence.
     *
     * @param capacity the largest number of positions; memory is taken as the sequence grows
     * @throws io.github.deltallm.api.UnsupportedModelException if the strategy asks for an encoding
     *     that this backend does not implement; names both
     */
    KvCache newCache(AttentionStrategy strategy, int capacity);

    /**
     * A sequence with the state of another one, of this or of another backend.
     *
     * <p>Rows that the source holds exactly and the strategy keeps encoded are encoded, from the
     * first one on: that is how a sequence that began dense goes on delta-encoded.
     *
     * @param declared what had been declared for it, see {@link KvCache#declare}
     * @throws io.github.deltallm.api.InvalidOptionException if the source lacks rows that the
     *     strategy needs
     */
    KvCache restore(AttentionStrategy strategy, int capacity, int declared, KvStream.Source source);

    /**
     * Runs the program on a step: appends its rows to their caches and hands over the logits asked
     * for.
     *
     * <p>If it fails, the caches are as before the run.
     *
     * @throws IllegalArgumentException if the step has more than {@link #maxRows()} rows, a token
     *     outside the vocabulary, or a cache of another executable
     * @throws io.github.deltallm.api.ContextOverflowException if a cache's capacity does not
     *     suffice
     */
    void run(Step step, LogitsSink sink);

    /** Sets the first {@code rows} rows of one of the program's inputs for the next run. */
    void write(Value input, int rows, float[] data);

    /** The first {@code rows} rows of one of the program's outputs after a run. */
    float[] read(Value output, int rows);

    @Override
    void close();
}
