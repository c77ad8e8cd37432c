package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.DeltaLlmException;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a context has allocated, by purpose, held against the device's limits before a buffer is
 * made: drivers answer too late, in ways of their own, or take memory that the system needs.
 * Thread-safe.
 */
final class MemoryBudget {
    private final String device;
    private final long maxAlloc;
    private final long total;
    private final Map<BufferUse, Long> used = new EnumMap<>(BufferUse.class);

    /**
     * @param maxAlloc bytes of one buffer at most
     * @param total bytes of all buffers at most
     */
    MemoryBudget(String device, long maxAlloc, long total) {
        this.device = device;
        this.maxAlloc = maxAlloc;
        this.total = total;
    }

    /**
     * Counts a buffer that is about to be made.
     *
     * @throws DeltaLlmException if it is larger than one buffer may be, or than what is left
     */
    synchronized void take(BufferUse use, long bytes, String what) {
        if (bytes > maxAlloc) {
            throw refused(
                    bytes,
                    what,
                    "one buffer has " + size(maxAlloc) + " at most (CL_DEVICE_MAX_MEM_ALLOC_SIZE)");
        }
        if (bytes > total - used()) {
            throw refused(
                    bytes,
                    what,
                    size(total) + " in all (CL_DEVICE_GLOBAL_MEM_SIZE) are not enough");
        }
        used.merge(use, bytes, Long::sum);
    }

    synchronized void give(BufferUse use, long bytes) {
        used.merge(use, -bytes, Long::sum);
    }

    /** Bytes of all buffers. */
    synchronized long used() {
        return used.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bytes of the buffers of one purpose. */
    synchronized long used(BufferUse use) {
        return used.getOrDefault(use, 0L);
    }

    /**
     * What tells that there is no room.
     *
     * @param what what needs it
     * @param limit which limit it does not keep, with its value
     */
    synchronized DeltaLlmException refused(long bytes, String what, String limit) {
        return new DeltaLlmException(
                "the device "
                        + device
                        + " has no room for "
                        + size(bytes)
                        + " of "
                        + what
                        + ": "
                        + limit
                        + "; allocated are "
                        + breakdown()
                        + "; use a smaller model, a shorter context or smaller steps, an attention"
                        + " that encodes or drops keys and values, or another backend");
    }

    private String breakdown() {
        return Arrays.stream(BufferUse.values())
                .map(use -> use.label() + " " + size(used(use)))
                .collect(Collectors.joining(", "));
    }

    /** A number of bytes as messages have it. */
    static String size(long bytes) {
        return bytes < 1 << 20
                ? bytes + " bytes"
                : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
}
