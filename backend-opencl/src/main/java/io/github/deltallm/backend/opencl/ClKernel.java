package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A kernel with its arguments, which stay set from launch to launch. Used by one thread at a time;
 * allocates nothing once it is made.
 */
final class ClKernel implements AutoCloseable {
    private static final int WORK_GROUP_SIZE = 0x11B0;

    private final ClContext context;
    private final ClFunctions functions;
    private final String name;
    private final ClObject object;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment slot = arena.allocate(8, 8);

    ClKernel(ClContext context, String name, ClObject object) {
        this.context = context;
        functions = context.functions();
        this.name = name;
        this.object = object;
    }

    String name() {
        return name;
    }

    long handle() {
        return object.handle();
    }

    /** Work items that a group may have. */
    int maxGroup() {
        ClInfo info =
                new ClInfo(
                        "clGetKernelWorkGroupInfo",
                        (what, size, value, needed) ->
                                functions.getKernelWorkGroupInfo(
                                        handle(),
                                        context.device().handle(),
                                        what,
                                        size,
                                        value,
                                        needed));
        return (int) info.number(WORK_GROUP_SIZE);
    }

    ClKernel arg(int index, ClBuffer buffer) {
        return arg(index, buffer.handle());
    }

    ClKernel arg(int index, long value) {
        slot.set(ValueLayout.JAVA_LONG, 0, value);
        return set(index, 8, slot.address());
    }

    ClKernel arg(int index, int value) {
        slot.set(ValueLayout.JAVA_INT, 0, value);
        return set(index, 4, slot.address());
    }

    ClKernel arg(int index, float value) {
        slot.set(ValueLayout.JAVA_FLOAT, 0, value);
        return set(index, 4, slot.address());
    }

    /** Memory that a group shares. */
    ClKernel local(int index, long bytes) {
        return set(index, bytes, 0);
    }

    private ClKernel set(int index, long size, long value) {
        int code = functions.setKernelArg(object.handle(), index, size, value);
        if (code != ClStatus.SUCCESS) {
            throw new ClException(
                    code, "clSetKernelArg", "set argument " + index + " of the kernel " + name);
        }
        return this;
    }

    @Override
    public void close() {
        object.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
