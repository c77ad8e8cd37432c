package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A built program. Its kernels may be made by any thread. */
final class ClProgram implements AutoCloseable {
    private static final int PROGRAM_BINARY_SIZES = 0x1165;
    private static final int PROGRAM_BINARIES = 0x1166;
    private static final int BUILD_LOG = 0x1183;

    private final ClContext context;
    private final ClFunctions functions;
    private final String name;
    private final ClObject object;

    private ClProgram(ClContext context, String name, ClObject object) {
        this.context = context;
        functions = context.functions();
        this.name = name;
        this.object = object;
    }

    /**
     * Compiles a source.
     *
     * @param name for messages
     * @throws ClException with the compiler's log if it does not compile
     */
    static ClProgram ofSource(ClContext context, String name, String source, String options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(source);
            ClObject object =
                    context.create(
                            "clReleaseProgram",
                            "clCreateProgramWithSource",
                            "load the source of " + name,
                            (scratch, error) -> {
                                scratch.set(ValueLayout.JAVA_LONG, 0, text.address());
                                scratch.set(ValueLayout.JAVA_LONG, 8, text.byteSize() - 1);
                                return context.functions()
                                        .createProgramWithSource(
                                                context.handle(),
                                                1,
                                                scratch.address(),
                                                scratch.address() + 8,
                                                error);
                            });
            return new ClProgram(context, name, object).build(options, arena);
        }
    }

    /**
     * Loads what was compiled before.
     *
     * @throws ClException if the device does not take it
     */
    static ClProgram ofBinary(ClContext context, String name, byte[] binary, String options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, binary);
            ClObject object =
                    context.create(
                            "clReleaseProgram",
                            "clCreateProgramWithBinary",
                            "load the compiled " + name,
                            (scratch, error) -> {
                                scratch.set(ValueLayout.JAVA_LONG, 0, context.device().handle());
                                scratch.set(ValueLayout.JAVA_LONG, 8, bytes.byteSize());
                                scratch.set(ValueLayout.JAVA_LONG, 16, bytes.address());
                                return context.functions()
                                        .createProgramWithBinary(
                                                context.handle(),
                                                1,
                                                scratch.address(),
                                                scratch.address() + 8,
                                                scratch.address() + 16,
                                                scratch.address() + 24,
                                                error);
                            });
            return new ClProgram(context, name, object).build(options, arena);
        }
    }

    private ClProgram build(String options, Arena arena) {
        MemorySegment device = arena.allocateFrom(ValueLayout.JAVA_LONG, context.device().handle());
        int code =
                functions.buildProgram(
                        object.handle(),
                        1,
                        device.address(),
                        arena.allocateFrom(options).address(),
                        0,
                        0);
        if (code != ClStatus.SUCCESS) {
            try (this) {
                throw new ClException(
                        code,
                        "clBuildProgram",
                        "compile " + name + " for " + context.device().name() + log());
            }
        }
        return this;
    }

    /** The compiler's log in parentheses; nothing if it is empty. */
    private String log() {
        ClInfo info =
                new ClInfo(
                        "clGetProgramBuildInfo",
                        (what, size, value, needed) ->
                                functions.getProgramBuildInfo(
                                        object.handle(),
                                        context.device().handle(),
                                        what,
                                        size,
                                        value,
                                        needed));
        try {
            String log = info.text(BUILD_LOG);
            return log.isEmpty() ? "" : " (its compiler says: " + log + ")";
        } catch (ClException e) {
            return " (its compiler's log can't be read: " + e.getMessage() + ")";
        }
    }

    /** What {@link #ofBinary} takes; empty if the driver gives none. */
    byte[] binary() {
        ClInfo.Query query =
                (what, size, value, needed) ->
                        functions.getProgramInfo(object.handle(), what, size, value, needed);
        long size = new ClInfo("clGetProgramInfo", query).number(PROGRAM_BINARY_SIZES);
        if (size < 1 || size > Integer.MAX_VALUE) {
            return new byte[0];
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(size);
            MemorySegment pointer = arena.allocateFrom(ValueLayout.JAVA_LONG, bytes.address());
            ClStatus.check(
                    query.get(PROGRAM_BINARIES, 8, pointer.address(), 0),
                    "clGetProgramInfo",
                    "give the compiled " + name);
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** A kernel with arguments of its own. */
    ClKernel kernel(String kernel) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(kernel);
            ClObject made =
                    context.create(
                            "clReleaseKernel",
                            "clCreateKernel",
                            "make the kernel " + kernel + " of " + name,
                            (scratch, error) ->
                                    functions.createKernel(object.handle(), text.address(), error));
            return new ClKernel(context, kernel, made);
        }
    }

    @Override
    public void close() {
        object.close();
    }
}
