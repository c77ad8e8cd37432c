package uk.ac.manchester.tornado.api;

/** Which thread a kernel runs as. */
public final class KernelContext {
    /** Number of the thread. */
    public int globalIdx;
}
