package io.github.deltallm.backend.reference;

/** Is told of every row of a delta matrix. */
@FunctionalInterface
interface EncodedTally {
    /**
     * A row was encoded.
     *
     * @param unchanged how many of its elements are unchanged
     */
    void encoded(int position, int elements, int unchanged);
}
