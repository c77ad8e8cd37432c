package io.github.deltallm.backend.opencl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An open device with its programs. Close what uses it first. */
final class OpenClDevice implements AutoCloseable {
    private final ClContext context;
    private final Programs programs;
    private final KernelShape shape;
    private final boolean copies;
    private final boolean profile;
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    OpenClDevice(ClDevice device, OpenClSettings settings) {
        ClDevice limited = device.withMaxAlloc(settings.maxAlloc());
        context = new ClContext(settings.apart() ? limited.apart() : limited);
        programs = new Programs(context, new BinaryCache(settings.programs()));
        shape = KernelShape.of(limits());
        copies = settings.copies();
        profile = settings.profile();
    }

    ClContext context() {
        return context;
    }

    ClDeviceLimits limits() {
        return context.device().limits();
    }

    Programs programs() {
        return programs;
    }

    /** How kernels are laid out here. */
    KernelShape shape() {
        return shape;
    }

    /** Whether weights are copied even where they could be used in place. */
    boolean copies() {
        return copies;
    }

    /** Options whose kernels were found not to run here, so that nobody compiles them again. */
    Set<String> refused() {
        return refused;
    }

    MemoryBudget memory() {
        return context.memory();
    }

    /** A new queue. */
    ClQueue queue() {
        return new ClQueue(context, profile);
    }

    @Override
    public void close() {
        try {
            programs.close();
        } finally {
            context.close();
        }
    }
}
