package io.github.deltallm.backend.tornado;

import io.github.deltallm.api.DeltaLlmException;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What machines have on a device, held against its limits before a buffer is made: TornadoVM
 * allocates when a graph first runs, and drivers answer late, in ways of their own. Not
 * thread-safe.
 */
final class MemoryBudget {
    /** Bytes that TornadoVM adds to an array, at most. */
    private static final long HEADER = 64;

    /**
     * How much a device takes.
     *
     * @param buffer bytes of one buffer
     * @param total bytes of all
     * @param option what limits the total apart from the device; empty if nothing does
     */
    record Limits(String device, long buffer, long total, String option) {}

    private final Limits limits;
    private final Map<BufferUse, Long> used = new EnumMap<>(BufferUse.class);

    MemoryBudget(Limits limits) {
        this.limits = limits;
    }

    /** Whether there is room for a machine beside those that are there. */
    boolean fits(BufferSizes sizes) {
        return fits(sizes, 0);
    }

    /**
     * Whether there would be room for a machine.
     *
     * @param freed bytes of those that are there and would go for it
     */
    boolean fits(BufferSizes sizes, long freed) {
        return sizes.bytes() <= limits.total() - used() + freed
                && sizes.buffers().stream().allMatch(this::fits);
    }

    private boolean fits(BufferSizes.Buffer buffer) {
        return buffer.bytes() + HEADER < limits.buffer();
    }

    /**
     * Refuses a machine that has a buffer which is too large however much is free.
     *
     * @throws DeltaLlmException if it has
     */
    void requireBuffers(BufferSizes sizes) {
        for (BufferSizes.Buffer buffer : sizes.buffers()) {
            if (!fits(buffer)) {
                throw refused(
                        buffer.bytes(),
                        "one buffer of " + buffer.name(),
                        "a buffer of it has less than " + size(limits.buffer()));
            }
        }
    }

    /**
     * Refuses a machine that would not have room even if it was alone.
     *
     * @throws DeltaLlmException if it would not
     */
    void requireRoom(BufferSizes sizes) {
        requireRoom(sizes, used());
    }

    /**
     * Refuses a machine that would not have room.
     *
     * @param freed bytes of machines that would go for it
     * @throws DeltaLlmException if it would not
     */
    void requireRoom(BufferSizes sizes, long freed) {
        requireBuffers(sizes);
        if (!fits(sizes, freed)) {
            throw tooMuch(sizes);
        }
    }

    /**
     * Counts a machine that is about to be made.
     *
     * @throws DeltaLlmException if there is no room for it
     */
    void take(BufferSizes sizes) {
        requireRoom(sizes, 0);
        add(sizes, 1);
    }

    private DeltaLlmException tooMuch(BufferSizes sizes) {
        return refused(
                sizes.bytes(),
                "memory (" + sizes.breakdown() + ")",
                size(limits.total()) + " in all" + limits.option() + " are not enough");
    }

    void give(BufferSizes sizes) {
        add(sizes, -1);
    }

    private void add(BufferSizes sizes, int sign) {
        sizes.buffers()
                .forEach(buffer -> used.merge(buffer.use(), sign * buffer.bytes(), Long::sum));
    }

    /** Bytes of all machines. */
    long used() {
        return used.values().stream().mapToLong(Long::longValue).sum();
    }

    private DeltaLlmException refused(long bytes, String what, String limit) {
        return new DeltaLlmException(
                "the device "
                        + limits.device()
                        + " has no room for "
                        + size(bytes)
                        + " of "
                        + what
                        + ": "
                        + limit
                        + "; allocated are "
                        + breakdown(used)
                        + "; use a smaller model, a shorter context or smaller steps, an attention"
                        + " that encodes or drops keys and values, or another backend");
    }

    /** What each use has. */
    static String breakdown(Map<BufferUse, Long> bytes) {
        return Arrays.stream(BufferUse.values())
                .map(use -> use.label() + " " + size(bytes.getOrDefault(use, 0L)))
                .collect(Collectors.joining(", "));
    }

    /** A number of bytes as messages have it. */
    static String size(long bytes) {
        return bytes < 1 << 20
                ? bytes + " bytes"
                : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
}
