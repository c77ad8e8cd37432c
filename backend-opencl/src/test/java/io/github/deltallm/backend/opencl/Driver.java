package io.github.deltallm.backend.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The system's OpenCL library with some of its functions replaced, to fail as drivers do. */
final class Driver {
    private final SymbolLookup library = library();
    private final Map<String, MemorySegment> replaced = new HashMap<>();

    /** {@code clGetPlatformIDs}. */
    @FunctionalInterface
    interface Platforms {
        int list(int entries, long into, long count);
    }

    /** {@code clGetDeviceIDs}. */
    @FunctionalInterface
    interface DevicesOfPlatform {
        int list(long platform, long type, int entries, long into, long count);
    }

    /** One of the {@code clGet...Info} functions. */
    @FunctionalInterface
    interface Info {
        int get(long object, int name, long size, long value, long needed);
    }

    /** {@code clCreateBuffer}. */
    @FunctionalInterface
    interface Buffers {
        long create(long context, long flags, long size, long host, long error);
    }

    /** {@code clEnqueueNDRangeKernel}. */
    @FunctionalInterface
    interface Launches {
        int launch(
                long queue,
                long kernel,
                int dimensions,
                long offset,
                long global,
                long local,
                int waiting,
                long events,
                long event);
    }

    /** {@code clEnqueueReadBuffer} and {@code clEnqueueWriteBuffer}. */
    @FunctionalInterface
    interface Transfers {
        int transfer(
                long queue,
                long buffer,
                int blocking,
                long offset,
                long size,
                long memory,
                int waiting,
                long events,
                long event);
    }

    /** One of the {@code clRelease...} functions. */
    @FunctionalInterface
    interface Release {
        int release(long object);
    }

    private static SymbolLookup library() {
        Devices.any();
        return ClLibrary.find(Optional.empty()) instanceof ClLibrary.Found found
                ? SymbolLookup.libraryLookup(found.name(), Arena.global())
                : name -> Optional.empty();
    }

    /** The functions as they are. */
    ClFunctions sound() {
        return new ClFunctions(library);
    }

    /** The functions with those that were replaced. */
    ClFunctions functions() {
        return new ClFunctions(
                name -> Optional.ofNullable(replaced.get(name)).or(() -> library.find(name)));
    }

    /** The first usable device, seen through the functions that were replaced. */
    ClDevice device() {
        ClDevice device = Devices.any();
        return new ClDevice(
                functions(),
                device.handle(),
                device.name(),
                device.driver(),
                device.limits(),
                device.unusable());
    }

    /**
     * Replaces a function.
     *
     * @param type one of the interfaces above
     */
    <T> Driver replace(String function, Class<T> type, T replacement) {
        var method =
                Arrays.stream(type.getDeclaredMethods())
                        .filter(candidate -> !candidate.isSynthetic())
                        .findFirst()
                        .orElseThrow();
        MethodType signature =
                MethodType.methodType(method.getReturnType(), method.getParameterTypes());
        MemoryLayout[] arguments =
                signature.parameterList().stream().map(Driver::layout).toArray(MemoryLayout[]::new);
        try {
            MethodHandle target =
                    MethodHandles.lookup()
                            .findVirtual(type, method.getName(), signature)
                            .bindTo(replacement);
            replaced.put(
                    function,
                    Linker.nativeLinker()
                            .upcallStub(
                                    target,
                                    FunctionDescriptor.of(
                                            layout(signature.returnType()), arguments),
                                    Arena.global()));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a method of this class is not there", e);
        }
        return this;
    }

    private static MemoryLayout layout(Class<?> type) {
        return type == int.class ? JAVA_INT : JAVA_LONG;
    }

    /** Stores a value where a function is to put one; 0 is nowhere. */
    static void put(long address, int value) {
        if (address != 0) {
            MemorySegment.ofAddress(address).reinterpret(4).set(JAVA_INT, 0, value);
        }
    }

    /** As {@link #put(long, int)} with a value of 8 bytes. */
    static void put(long address, long value) {
        if (address != 0) {
            MemorySegment.ofAddress(address).reinterpret(8).set(JAVA_LONG, 0, value);
        }
    }
}
