package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A queue of commands that run in their order. Used by one thread at a time; allocates nothing once
 * it is made.
 */
final class ClQueue implements AutoCloseable {
    private static final long PROFILING = 2;
    private static final long LOCAL = 24;
    private static final long PATTERN = 48;
    private static final long EVENT = 56;

    private final ClFunctions functions;
    private final ClObject object;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment scratch = arena.allocate(64, 8);
    private final KernelTimes times;
    private final ClFunctions.Release releaseEvent;

    ClQueue(ClContext context, boolean profile) {
        functions = context.functions();
        times = new KernelTimes(context, profile);
        releaseEvent = functions.release("clReleaseEvent");
        boolean done = false;
        try {
            object =
                    context.create(
                            "clReleaseCommandQueue",
                            "clCreateCommandQueue",
                            "make a queue",
                            (memory, error) ->
                                    functions.createCommandQueue(
                                            context.handle(),
                                            context.device().handle(),
                                            profile ? PROFILING : 0,
                                            error));
            done = true;
        } finally {
            if (!done) {
                arena.close();
            }
        }
    }

    /** What kernels took, where that is measured. */
    KernelTimes times() {
        return times;
    }

    /** Runs a kernel on at least {@code global} work items, in groups of {@code local}. */
    void launch1(ClKernel kernel, long global, int local) {
        launch(kernel, 1, global, local, 1, 1, 1, 1);
    }

    /** As {@link #launch1} in two dimensions. */
    void launch2(ClKernel kernel, long globalX, long globalY, int localX, int localY) {
        launch(kernel, 2, globalX, localX, globalY, localY, 1, 1);
    }

    /** As {@link #launch1} in three dimensions. */
    void launch3(
            ClKernel kernel,
            long globalX,
            long globalY,
            long globalZ,
            int localX,
            int localY,
            int localZ) {
        launch(kernel, 3, globalX, localX, globalY, localY, globalZ, localZ);
    }

    private void launch(
            ClKernel kernel,
            int dimensions,
            long globalX,
            int localX,
            long globalY,
            int localY,
            long globalZ,
            int localZ) {
        if (globalX < 1 || globalY < 1 || globalZ < 1) {
            return;
        }
        size(0, globalX, localX);
        size(1, globalY, localY);
        size(2, globalZ, localZ);
        boolean timed = times.on();
        ClStatus.check(
                functions.enqueueKernel(
                        object.handle(),
                        kernel.handle(),
                        dimensions,
                        0,
                        scratch.address(),
                        scratch.address() + LOCAL,
                        0,
                        0,
                        timed ? scratch.address() + EVENT : 0),
                "clEnqueueNDRangeKernel",
                "run the kernel ",
                kernel.name());
        if (timed) {
            times.add(kernel.name(), scratch.get(ValueLayout.JAVA_LONG, EVENT));
        }
    }

    private void size(int dimension, long global, int local) {
        long groups = (global + local - 1) / local;
        scratch.set(ValueLayout.JAVA_LONG, 8L * dimension, groups * local);
        scratch.set(ValueLayout.JAVA_LONG, LOCAL + 8L * dimension, local);
    }

    /** Copies to the device later: the native memory must stay as it is until {@link #finish}. */
    void write(ClBuffer to, long offset, MemorySegment from, long fromOffset, long bytes) {
        write(to, offset, from, fromOffset, bytes, 0);
    }

    /** Copies to the device before it returns. */
    void writeNow(ClBuffer to, long offset, MemorySegment from, long fromOffset, long bytes) {
        write(to, offset, from, fromOffset, bytes, 1);
    }

    private void write(
            ClBuffer to, long offset, MemorySegment from, long fromOffset, long bytes, int now) {
        to.requireRange(offset, bytes);
        requireRange(from, fromOffset, bytes);
        if (bytes > 0) {
            ClStatus.check(
                    functions.enqueueWrite(
                            object.handle(),
                            to.handle(),
                            now,
                            offset,
                            bytes,
                            from.address() + fromOffset,
                            0,
                            0,
                            0),
                    "clEnqueueWriteBuffer",
                    "write to a buffer");
        }
    }

    /** Copies from the device, after all that was queued before. */
    void read(ClBuffer from, long offset, MemorySegment to, long toOffset, long bytes) {
        read(from, offset, to, toOffset, bytes, 1, 0);
    }

    /** As {@link #read}, but later: the native memory is filled when {@link #finish} returns. */
    void readLater(ClBuffer from, long offset, MemorySegment to, long toOffset, long bytes) {
        read(from, offset, to, toOffset, bytes, 0, 0);
    }

    /**
     * As {@link #readLater}, for some bytes that are wanted before the rest of the queue is done.
     *
     * @return what to {@link #await} or {@link #forget}
     */
    long readSoon(ClBuffer from, long offset, MemorySegment to, long toOffset, long bytes) {
        read(from, offset, to, toOffset, bytes, 0, scratch.address() + EVENT);
        flush();
        return scratch.get(ValueLayout.JAVA_LONG, EVENT);
    }

    private void read(
            ClBuffer from,
            long offset,
            MemorySegment to,
            long toOffset,
            long bytes,
            int now,
            long event) {
        from.requireRange(offset, bytes);
        requireRange(to, toOffset, bytes);
        if (bytes > 0) {
            ClStatus.check(
                    functions.enqueueRead(
                            object.handle(),
                            from.handle(),
                            now,
                            offset,
                            bytes,
                            to.address() + toOffset,
                            0,
                            0,
                            event),
                    "clEnqueueReadBuffer",
                    "read a buffer");
        }
    }

    /** Hands the device what is queued, which may be held back until something waits for it. */
    private void flush() {
        ClStatus.check(functions.flush(object.handle()), "clFlush", "run the queued kernels");
    }

    /** Waits for a read, not for what was queued behind it. */
    void await(long event) {
        scratch.set(ValueLayout.JAVA_LONG, EVENT, event);
        try {
            ClStatus.check(
                    functions.waitForEvents(1, scratch.address() + EVENT),
                    "clWaitForEvents",
                    "read a buffer");
        } finally {
            forget(event);
        }
    }

    /** Lets go of a read that nobody waits for. */
    void forget(long event) {
        releaseEvent.release(event);
    }

    private static void requireRange(MemorySegment memory, long offset, long bytes) {
        if (!memory.isNative() || offset < 0 || bytes < 0 || bytes > memory.byteSize() - offset) {
            throw new IndexOutOfBoundsException(
                    bytes + " bytes at " + offset + " of native memory " + memory);
        }
    }

    /** Copies on the device; the ranges of one buffer must not overlap. */
    void copy(ClBuffer from, long fromOffset, ClBuffer to, long toOffset, long bytes) {
        from.requireRange(fromOffset, bytes);
        to.requireRange(toOffset, bytes);
        if (bytes > 0) {
            ClStatus.check(
                    functions.enqueueCopy(
                            object.handle(),
                            from.handle(),
                            to.handle(),
                            fromOffset,
                            toOffset,
                            bytes,
                            0,
                            0,
                            0),
                    "clEnqueueCopyBuffer",
                    "copy a buffer");
        }
    }

    /** Sets every byte of a range. */
    void fill(ClBuffer buffer, long offset, long bytes, byte value) {
        buffer.requireRange(offset, bytes);
        scratch.set(ValueLayout.JAVA_BYTE, PATTERN, value);
        if (bytes > 0) {
            ClStatus.check(
                    functions.enqueueFill(
                            object.handle(),
                            buffer.handle(),
                            scratch.address() + PATTERN,
                            1,
                            offset,
                            bytes,
                            0,
                            0,
                            0),
                    "clEnqueueFillBuffer",
                    "fill a buffer");
        }
    }

    /** Waits until all that was queued is done. */
    void finish() {
        ClStatus.check(functions.finish(object.handle()), "clFinish", "run the queued kernels");
        times.collect();
    }

    @Override
    public void close() {
        try {
            if (!object.closed()) {
                functions.finish(object.handle());
                times.close();
            }
            object.close();
        } finally {
            if (arena.scope().isAlive()) {
                arena.close();
            }
        }
    }
}
