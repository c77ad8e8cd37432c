package io.github.deltallm.backend.opencl;

/** A step of a compiled program: the kernels of one or more operations, with their arguments. */
interface Launch extends AutoCloseable {
    /** Queues its kernels; waits for nothing. */
    void enqueue(StepState step);

    /** Releases what it made and gave nobody else to close; nothing, as a rule. */
    @Override
    default void close() {}
}
