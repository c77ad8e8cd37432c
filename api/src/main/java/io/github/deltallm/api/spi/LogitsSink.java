package io.github.deltallm.api.spi;

import java.lang.foreign.MemorySegment;

/** Receives the logits of a step, a row at a time, in the order of the rows. */
@FunctionalInterface
public interface LogitsSink {
    /**
     * Takes one row's logits. Called on the thread that runs the step; must not use the backend.
     * What it throws ends the run, and the caches are as before it.
     *
     * @param row the step's row
     * @param logits one native-endian float for every entry of the vocabulary; valid only during
     *     the call
     */
    void accept(int row, MemorySegment logits);
}
