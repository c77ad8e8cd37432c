package io.github.deltallm.backend.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** What OpenCL tells about an object, property by property. */
final class ClInfo {
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

    byte[] bytes(int name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment needed = arena.allocate(ValueLayout.JAVA_LONG);
            check(query.get(name, 0, 0, needed.address()), name);
            MemorySegment value =
                    arena.allocate(Math.max(1, needed.get(ValueLayout.JAVA_LONG, 0)), 8);
            check(query.get(name, value.byteSize(), value.address(), needed.address()), name);
            return value.asSlice(0, needed.get(ValueLayout.JAVA_LONG, 0))
                    .toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Numbers of 8 bytes. */
    long[] sizes(int name) {
        return MemorySegment.ofArray(bytes(name)).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
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
