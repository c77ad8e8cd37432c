package io.github.deltallm.backend.opencl;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A handle that is released once. Thread-safe. */
final class ClObject implements AutoCloseable {
    private final long handle;
    private final String function;
    private final ClFunctions.Release release;
    private final AtomicInteger live;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param function the name of what releases it
     * @param live counts objects that are not closed
     */
    ClObject(long handle, String function, ClFunctions.Release release, AtomicInteger live) {
        this.handle = handle;
        this.function = function;
        this.release = release;
        this.live = live;
        live.incrementAndGet();
    }

    /**
     * @throws IllegalStateException if it is closed
     */
    long handle() {
        if (closed.get()) {
            throw new IllegalStateException("it was used after " + function);
        }
        return handle;
    }

    /** Whether it is. */
    boolean closed() {
        return closed.get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            live.decrementAndGet();
            ClStatus.check(release.release(handle), function, "release an object");
        }
    }
}
