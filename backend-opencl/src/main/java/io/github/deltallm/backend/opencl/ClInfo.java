package io.github.deltallm.backend.opencl;

import io.github.deltallm.api.DeltaLlmException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What OpenCL tells about an object, property by property. */
final class ClInfo {
    /** Nothing that is asked for is longer: a compiler's log may be of megabytes. */
    private static final long LONGEST = 1 << 28;

    private final String function;
    private final Query query;

    /** One of the {@code clGet...Info} functions for one object. */
    @FunctionalInterface
    interface Query {
        int get(int name, long size, long value, long needed);
    }

    /**
     * @param function its name, for messages
     */
    ClInfo(String function, Query query) {
        this.function = function;
        this.query = query;
    }

    String text(int name) {
        byte[] bytes = bytes(name);
        int length = bytes.length;
        while (length > 0 && bytes[length - 1] == 0) {
            length--;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8).strip();
    }

    /**
     * @throws DeltaLlmException if the driver tells no length that can be
     */
    byte[] bytes(int name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment needed = arena.allocate(ValueLayout.JAVA_LONG);
            check(query.get(name, 0, 0, needed.address()), name);
            long room = needed.get(ValueLayout.JAVA_LONG, 0);
            if (room < 0 || room > LONGEST) {
                throw odd(name, room);
            }
            MemorySegment value = arena.allocate(Math.max(1, room), 8);
            check(query.get(name, value.byteSize(), value.address(), needed.address()), name);
            long given = needed.get(ValueLayout.JAVA_LONG, 0);
            return value.asSlice(0, Math.clamp(given, 0, room)).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /**
     * Numbers of 8 bytes.
     *
     * @throws DeltaLlmException if what the driver gives is none
     */
    long[] sizes(int name) {
        byte[] bytes = bytes(name);
        if (bytes.length % Long.BYTES != 0) {
            throw odd(name, bytes.length);
        }
        return MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    private DeltaLlmException odd(int name, long bytes) {
        return new DeltaLlmException(
                "an OpenCL driver tells its property 0x"
                        + Integer.toHexString(name)
                        + " in "
                        + bytes
                        + " bytes ("
                        + function
                        + "), which it can't have: update the driver");
    }

    /** A number of 4 or 8 bytes. */
    long number(int name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment needed = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
            check(query.get(name, 8, value.address(), needed.address()), name);
            return needed.get(ValueLayout.JAVA_LONG, 0) == 4
                    ? value.get(ValueLayout.JAVA_INT, 0) & 0xFFFF_FFFFL
                    : value.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    private void check(int code, int name) {
        ClStatus.check(code, function, "tell its property 0x" + Integer.toHexString(name));
    }
}
