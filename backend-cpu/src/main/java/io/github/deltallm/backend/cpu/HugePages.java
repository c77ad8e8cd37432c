package io.github.deltallm.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Memory that the kernel is asked to back with huge pages ({@code madvise(2)}), of 2 MiB on most
 * machines: a core streams weights from it half as fast again as from pages of 4 KiB, at whose ends
 * the processor stops to fetch ahead. On 64-bit Linux, where the module may call native code;
 * elsewhere there is none.
 */
final class HugePages {
    /** What the memory is aligned to. */
    static final long SIZE = 2 << 20;

    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;

    /** Nothing where memory can't be had in this way. */
    private static final Optional<HugePages> HERE = find();

    private final MethodHandle map;
    private final MethodHandle advise;
    private final MethodHandle unmap;

    @SuppressWarnings("restricted")
    private HugePages(Linker linker, SymbolLookup lookup) {
        FunctionDescriptor mmap =
                FunctionDescriptor.of(
                        ValueLayout.ADDRESS,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG);
        FunctionDescriptor madvise =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT);
        FunctionDescriptor munmap =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
        map = linker.downcallHandle(lookup.findOrThrow("mmap"), mmap);
        advise = linker.downcallHandle(lookup.findOrThrow("madvise"), madvise);
        unmap = linker.downcallHandle(lookup.findOrThrow("munmap"), munmap);
    }

    private static Optional<HugePages> find() {
        if (!System.getProperty("os.name").equals("Linux")
                || ValueLayout.ADDRESS.byteSize() != Long.BYTES
                || !HugePages.class.getModule().isNativeAccessEnabled()) {
            return Optional.empty();
        }
        try {
            Linker linker = Linker.nativeLinker();
            return Optional.of(new HugePages(linker, linker.defaultLookup()));
        } catch (UnsupportedOperationException | NoSuchElementException e) {
            return Optional.empty();
        }
    }

    /**
     * Zeroed memory that begins at a huge page and is given back when the arena closes. Whether the
     * kernel has such pages free is its business; the memory is there in any case.
     *
     * @return nothing where there is no such memory, or less than that is available
     */
    static Optional<MemorySegment> allocate(Arena arena, long bytes) {
        return bytes <= available()
                ? HERE.flatMap(pages -> pages.mapped(arena, bytes))
                : Optional.empty();
    }

    /** Bytes that can be had, without what is used elsewhere having to go; 0 where none can. */
    static long available() {
        return HERE.isPresent() ? Processor.availableMemory().orElse(0) : 0;
    }

    @SuppressWarnings("restricted")
    private Optional<MemorySegment> mapped(Arena arena, long bytes) {
        long length = Math.addExact(bytes, SIZE);
        MemorySegment all = map(length);
        if (all.address() == -1) {
            return Optional.empty();
        }
        MemorySegment held = all.reinterpret(length, arena, this::unmap);
        long start = -all.address() & SIZE - 1;
        MemorySegment aligned = held.asSlice(start, bytes);
        advise(aligned);
        return Optional.of(aligned);
    }

    private MemorySegment map(long length) {
        try {
            return (MemorySegment)
                    map.invokeExact(
                            MemorySegment.NULL, length, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** A kernel without huge pages refuses, which changes nothing. */
    private void advise(MemorySegment memory) {
        try {
            int ignored = (int) advise.invokeExact(memory, memory.byteSize(), MADV_HUGEPAGE);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private void unmap(MemorySegment memory) {
        try {
            int failed = (int) unmap.invokeExact(memory, memory.byteSize());
            assert failed == 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
