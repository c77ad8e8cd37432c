package io.github.deltallm.backend.opencl;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/** A built program. Its kernels may be made by any thread. */
final class ClProgram implements AutoCloseable {
    private static final int PROGRAM_BINARY_SIZES = 0x1165;
    private static final int PROGRAM_BINARIES = 0x1166;
    private static final int BUILD_LOG = 0x1183;

    private final ClContext context;
    private final ClFunctions functions;
    private final String name;
    private ClObject object;

    /** What to take instead if no kernel can be made of this; none if nothing is better. */
    private @Nullable Supplier<ClProgram> instead;

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

    /**
     * Names what to take instead if a kernel can't be made of this one, though it was built: what
     * was compiled before may not be what it should.
     */
    ClProgram orElse(Supplier<ClProgram> other) {
        instead = other;
        return this;
    }

    /** A kernel with arguments of its own. */
    synchronized ClKernel kernel(String kernel) {
        try {
            return make(kernel);
        } catch (ClException e) {
            Supplier<ClProgram> other = instead;
            if (other == null || !ClStatus.isOfProgram(e.code())) {
                throw e;
            }
            instead = null;
            replace(other, e);
            return make(kernel);
        }
    }

    /** Kernels that were made before keep what they were made of. */
    private void replace(Supplier<ClProgram> other, ClException reason) {
        ClObject unfit = object;
        try {
            object = other.get().object;
        } catch (RuntimeException e) {
            e.addSuppressed(reason);
            throw e;
        }
        unfit.close();
    }

    private ClKernel make(String kernel) {
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
    public synchronized void close() {
        object.close();
    }
}
