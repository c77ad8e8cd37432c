package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A device in use: makes its buffers, queues and programs, and counts them. Thread-safe. Close what
 * it made first.
 */
final class ClContext implements AutoCloseable {
    private static final long READ_WRITE = 1;
    private static final long READ_ONLY = 4;
    private static final long USE_HOST_POINTER = 8;
    private static final long HOST_NO_ACCESS = 1 << 9;

    private final ClDevice device;
    private final ClFunctions functions;
    private final MemoryBudget memory;
    private final AtomicInteger live = new AtomicInteger();
    private final ClObject object;

    ClContext(ClDevice device) {
        this.device = device;
        functions = device.functions();
        ClDeviceLimits limits = device.limits();
        memory = new MemoryBudget(device.name(), limits.maxAlloc(), limits.globalBytes());
        object =
                create(
                        "clReleaseContext",
                        "clCreateContext",
                        "open the device " + device.name(),
                        (scratch, error) -> {
                            scratch.set(ValueLayout.JAVA_LONG, 0, device.handle());
                            return functions.createContext(0, 1, scratch.address(), 0, 0, error);
                        });
    }

    /** A function that makes an object; it gets 64 bytes of memory and where its error goes. */
    @FunctionalInterface
    interface Creation {
        long create(MemorySegment scratch, long error);
    }

    /**
     * Makes an object that counts as live until it is closed.
     *
     * @param attempted what the creation is to do, as in "could not ..."
     */
    ClObject create(String release, String function, String attempted, Creation creation) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment scratch = arena.allocate(64, 8);
            MemorySegment error = arena.allocate(ValueLayout.JAVA_INT);
            long handle = creation.create(scratch, error.address());
            ClStatus.check(error.get(ValueLayout.JAVA_INT, 0), function, attempted);
            return new ClObject(handle, release, functions.release(release), live);
        }
    }

    ClDevice device() {
        return device;
    }

    ClFunctions functions() {
        return functions;
    }

    MemoryBudget memory() {
        return memory;
    }

    /** Number of OpenCL objects that were made here and are not closed, this context included. */
    int live() {
        return live.get();
    }

    long handle() {
        return object.handle();
    }

    /**
     * Makes a buffer whose contents are undefined.
     *
     * @param what what it is for, for messages
     * @throws io.github.deltallm.api.DeltaLlmException if the device has no room for it
     */
    ClBuffer buffer(BufferUse use, long bytes, String what) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a buffer of " + bytes + " bytes for " + what);
        }
        memory.take(use, bytes, what);
        boolean done = false;
        try {
            ClObject made =
                    create(
                            "clReleaseMemObject",
                            "clCreateBuffer",
                            "make a buffer of " + bytes + " bytes for " + what,
                            (scratch, error) ->
                                    functions.createBuffer(handle(), READ_WRITE, bytes, 0, error));
            done = true;
            return new ClBuffer(made, bytes, () -> memory.give(use, bytes));
        } finally {
            if (!done) {
                memory.give(use, bytes);
            }
        }
    }

    /**
     * Makes a read-only buffer of memory of the host, which must outlive it. It is not counted
     * against the device's memory, and can't be read or written from here.
     *
     * @param address aligned as the device asks for
     */
    ClBuffer hostBuffer(long address, long bytes, String what) {
        ClObject made =
                create(
                        "clReleaseMemObject",
                        "clCreateBuffer",
                        "use " + bytes + " bytes of the host's memory for " + what,
                        (scratch, error) ->
                                functions.createBuffer(
                                        handle(),
                                        READ_ONLY | USE_HOST_POINTER | HOST_NO_ACCESS,
                                        bytes,
                                        address,
                                        error));
        return new ClBuffer(made, bytes, () -> {});
    }

    @Override
    public void close() {
        object.close();
    }
}
