package io.github.deltallm.backend.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The functions of OpenCL 1.2 that the backend calls, with the names of its specification.
 *
 * <p>Pointers, handles, sizes and bit fields are longs, which on 64-bit systems are passed as those
 * are, and cost no allocation where a segment would. What a pointer points to must be native memory
 * that stays alive during the call. Results are error codes or handles for {@link ClStatus} to
 * check.
 */
final class ClFunctions {
    private final SymbolLookup symbols;

    private final Map<String, Release> releases;
    private final MethodHandle getPlatformIds;
    private final MethodHandle getPlatformInfo;
    private final MethodHandle getDeviceIds;
    private final MethodHandle getDeviceInfo;
    private final MethodHandle createContext;
    private final MethodHandle createCommandQueue;
    private final MethodHandle createBuffer;
    private final MethodHandle createProgramWithSource;
    private final MethodHandle createProgramWithBinary;
    private final MethodHandle buildProgram;
    private final MethodHandle getProgramInfo;
    private final MethodHandle getProgramBuildInfo;
    private final MethodHandle createKernel;
    private final MethodHandle setKernelArg;
    private final MethodHandle getKernelWorkGroupInfo;
    private final MethodHandle enqueueKernel;
    private final MethodHandle enqueueRead;
    private final MethodHandle enqueueWrite;
    private final MethodHandle enqueueCopy;
    private final MethodHandle enqueueFill;
    private final MethodHandle finish;
    private final MethodHandle flush;
    private final MethodHandle waitForEvents;
    private final MethodHandle getEventProfilingInfo;

    /**
     * @throws NoSuchElementException if a function is not there; its message names it
     */
    ClFunctions(SymbolLookup symbols) {
        this.symbols = symbols;
        getPlatformIds = ints("clGetPlatformIDs", "ipp");
        getPlatformInfo = ints("clGetPlatformInfo", "pippp");
        getDeviceIds = ints("clGetDeviceIDs", "ppipp");
        getDeviceInfo = ints("clGetDeviceInfo", "pippp");
        createContext = handles("clCreateContext", "pipppp");
        createCommandQueue = handles("clCreateCommandQueue", "pppp");
        createBuffer = handles("clCreateBuffer", "ppppp");
        createProgramWithSource = handles("clCreateProgramWithSource", "pippp");
        createProgramWithBinary = handles("clCreateProgramWithBinary", "pippppp");
        buildProgram = ints("clBuildProgram", "pipppp");
        getProgramInfo = ints("clGetProgramInfo", "pippp");
        getProgramBuildInfo = ints("clGetProgramBuildInfo", "ppippp");
        createKernel = handles("clCreateKernel", "ppp");
        setKernelArg = ints("clSetKernelArg", "pipp");
        getKernelWorkGroupInfo = ints("clGetKernelWorkGroupInfo", "ppippp");
        enqueueKernel = ints("clEnqueueNDRangeKernel", "ppipppipp");
        enqueueRead = ints("clEnqueueReadBuffer", "ppipppipp");
        enqueueWrite = ints("clEnqueueWriteBuffer", "ppipppipp");
        enqueueCopy = ints("clEnqueueCopyBuffer", "ppppppipp");
        enqueueFill = ints("clEnqueueFillBuffer", "ppppppipp");
        finish = ints("clFinish", "p");
        flush = ints("clFlush", "p");
        waitForEvents = ints("clWaitForEvents", "ip");
        getEventProfilingInfo = ints("clGetEventProfilingInfo", "pippp");
        releases = releases();
    }

    private MethodHandle ints(String name, String parameters) {
        return handle(name, FunctionDescriptor.of(JAVA_INT, layouts(parameters)));
    }

    private MethodHandle handles(String name, String parameters) {
        return handle(name, FunctionDescriptor.of(JAVA_LONG, layouts(parameters)));
    }

    private MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return Linker.nativeLinker()
                .downcallHandle(
                        symbols.find(name).orElseThrow(() -> new NoSuchElementException(name)),
                        descriptor);
    }

    /** An int for each {@code i}, a long for each {@code p}. */
    private static MemoryLayout[] layouts(String parameters) {
        return parameters
                .chars()
                .mapToObj(c -> c == 'i' ? JAVA_INT : JAVA_LONG)
                .toArray(MemoryLayout[]::new);
    }

    /** The methods declare nothing checked, and what is thrown is an error of the JVM. */
    private static AssertionError unexpected(Throwable thrown) {
        return new AssertionError("a call of OpenCL threw", thrown);
    }

    int getPlatformIds(int entries, long platforms, long count) {
        try {
            return (int) getPlatformIds.invokeExact(entries, platforms, count);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getPlatformInfo(long platform, int name, long size, long value, long needed) {
        try {
            return (int) getPlatformInfo.invokeExact(platform, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getDeviceIds(long platform, long type, int entries, long devices, long count) {
        try {
            return (int) getDeviceIds.invokeExact(platform, type, entries, devices, count);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getDeviceInfo(long device, int name, long size, long value, long needed) {
        try {
            return (int) getDeviceInfo.invokeExact(device, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createContext(
            long properties, int devices, long device, long notify, long data, long error) {
        try {
            return (long)
                    createContext.invokeExact(properties, devices, device, notify, data, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createCommandQueue(long context, long device, long properties, long error) {
        try {
            return (long) createCommandQueue.invokeExact(context, device, properties, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createBuffer(long context, long flags, long size, long host, long error) {
        try {
            return (long) createBuffer.invokeExact(context, flags, size, host, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createProgramWithSource(long context, int count, long texts, long lengths, long error) {
        try {
            return (long)
                    createProgramWithSource.invokeExact(context, count, texts, lengths, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createProgramWithBinary(
            long context,
            int devices,
            long device,
            long lengths,
            long binaries,
            long states,
            long error) {
        try {
            return (long)
                    createProgramWithBinary.invokeExact(
                            context, devices, device, lengths, binaries, states, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int buildProgram(long program, int devices, long device, long options, long notify, long data) {
        try {
            return (int) buildProgram.invokeExact(program, devices, device, options, notify, data);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getProgramInfo(long program, int name, long size, long value, long needed) {
        try {
            return (int) getProgramInfo.invokeExact(program, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getProgramBuildInfo(
            long program, long device, int name, long size, long value, long needed) {
        try {
            return (int)
                    getProgramBuildInfo.invokeExact(program, device, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    long createKernel(long program, long name, long error) {
        try {
            return (long) createKernel.invokeExact(program, name, error);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int setKernelArg(long kernel, int index, long size, long value) {
        try {
            return (int) setKernelArg.invokeExact(kernel, index, size, value);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getKernelWorkGroupInfo(
            long kernel, long device, int name, long size, long value, long needed) {
        try {
            return (int)
                    getKernelWorkGroupInfo.invokeExact(kernel, device, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int enqueueKernel(
            long queue,
            long kernel,
            int dimensions,
            long offset,
            long global,
            long local,
            int waits,
            long events,
            long event) {
        try {
            return (int)
                    enqueueKernel.invokeExact(
                            queue, kernel, dimensions, offset, global, local, waits, events, event);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int enqueueRead(
            long queue,
            long buffer,
            int blocking,
            long offset,
            long size,
            long to,
            int waits,
            long events,
            long event) {
        try {
            return (int)
                    enqueueRead.invokeExact(
                            queue, buffer, blocking, offset, size, to, waits, events, event);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int flush(long queue) {
        try {
            return (int) flush.invokeExact(queue);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int waitForEvents(int count, long events) {
        try {
            return (int) waitForEvents.invokeExact(count, events);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int enqueueWrite(
            long queue,
            long buffer,
            int blocking,
            long offset,
            long size,
            long from,
            int waits,
            long events,
            long event) {
        try {
            return (int)
                    enqueueWrite.invokeExact(
                            queue, buffer, blocking, offset, size, from, waits, events, event);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int enqueueCopy(
            long queue,
            long from,
            long to,
            long fromOffset,
            long toOffset,
            long size,
            int waits,
            long events,
            long event) {
        try {
            return (int)
                    enqueueCopy.invokeExact(
                            queue, from, to, fromOffset, toOffset, size, waits, events, event);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int enqueueFill(
            long queue,
            long buffer,
            long pattern,
            long patternSize,
            long offset,
            long size,
            int waits,
            long events,
            long event) {
        try {
            return (int)
                    enqueueFill.invokeExact(
                            queue,
                            buffer,
                            pattern,
                            patternSize,
                            offset,
                            size,
                            waits,
                            events,
                            event);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int finish(long queue) {
        try {
            return (int) finish.invokeExact(queue);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    int getEventProfilingInfo(long event, int name, long size, long value, long needed) {
        try {
            return (int) getEventProfilingInfo.invokeExact(event, name, size, value, needed);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** The function of this name that releases objects. */
    Release release(String function) {
        Release release = releases.get(function);
        if (release == null) {
            throw new IllegalArgumentException(function + " releases nothing that is used here");
        }
        return release;
    }

    private Map<String, Release> releases() {
        return Stream.of(
                        "clReleaseContext",
                        "clReleaseCommandQueue",
                        "clReleaseMemObject",
                        "clReleaseProgram",
                        "clReleaseKernel",
                        "clReleaseEvent")
                .collect(Collectors.toUnmodifiableMap(name -> name, this::releaseOf));
    }

    private Release releaseOf(String function) {
        MethodHandle handle = ints(function, "p");
        return object -> {
            try {
                return (int) handle.invokeExact(object);
            } catch (Throwable thrown) {
                throw unexpected(thrown);
            }
        };
    }

    /** Releases an object; returns an error code. */
    @FunctionalInterface
    interface Release {
        int release(long object);
    }
}
