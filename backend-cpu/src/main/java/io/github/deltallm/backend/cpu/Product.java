package io.github.deltallm.backend.cpu;

/** A weight matrix and how to multiply rows by it. */
sealed interface Product permits Linear, RepackedWeight {
    /** What form of its input a product wants. */
    enum Form {
        /** As {@link Rows}. */
        PLAIN,
        /** As {@link Packed}. */
        PACKED,
        /** As {@link BroadcastRow}, which has room for one. */
        BROADCAST,
        /** As {@link RoundedRows}. */
        ROUNDED
    }

    /** Outputs. */
    int rows();

    int columns();

    /** Outputs that a thread's share must be a multiple of, itself a multiple of 16. */
    int unit();

    /** The form that the input must have where it is so many rows. */
    Form form(int xRows);

    /**
     * Computes the outputs from {@code from}, a multiple of {@link #unit}, to {@code to} for all
     * rows of the input, which was prepared. Each result is summed in an order that depends on
     * neither the thread nor its share.
     */
    void multiply(Worker worker, Inputs x, int xRows, int from, int to, Rows out);
}
