package io.github.deltallm.conformance.tests;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * What this process holds, as the system counts it.
 *
 * @param memory resident bytes
 * @param besides the same without Java's heap, which may shrink while something else grows
 * @param heap bytes in use on Java's heap
 * @param files open file descriptors
 */
record Held(long memory, long besides, long heap, long files) {
    private static final Path MEMORY = Path.of("/proc/self/statm");
    private static final Path FILES = Path.of("/proc/self/fd");
    private static final long PAGE = 4096;
    private static final int ROUNDS = 4;

    /** What a collection has found is freed by a thread of its own. */
    private static final long CLEANERS_NANOS = 200_000_000;

    /** Skips a rule where the system does not tell. */
    static void requireCounts() {
        Assumptions.assumeTrue(
                Files.isReadable(MEMORY) && Files.isDirectory(FILES),
                "this system does not tell what a process holds: it has no /proc/self");
    }

    private static Held now() {
        System.gc();
        LockSupport.parkNanos(CLEANERS_NANOS);
        Runtime runtime = Runtime.getRuntime();
        try (Stream<Path> files = Files.list(FILES)) {
            long pages = Long.parseLong(Files.readString(MEMORY).split(" ", -1)[1]);
            long memory = pages * PAGE;
            long heap = runtime.totalMemory();
            return new Held(memory, memory - heap, heap - runtime.freeMemory(), files.count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Does something a hundred times, which leaves nothing behind.
     *
     * <p>Memory also grows for other reasons, such as a heap that has not reached its size; but not
     * each time by as much as a leak would.
     *
     * @param bytes that each time would leave behind, at least
     */
    static void assertNothingLeft(String what, long bytes, Runnable cycle) {
        long most = 100 * bytes / 4;
        repeat(cycle);
        Held before = now();
        String told = "";
        for (int round = 0; round < ROUNDS; round++) {
            repeat(cycle);
            Held after = now();
            long memory = Math.max(after.memory - before.memory, after.besides - before.besides);
            long heap = after.heap - before.heap;
            long files = after.files - before.files;
            if (memory < most && heap < most && files < 25) {
                return;
            }
            told =
                    what
                            + " a hundred times leaves behind "
                            + (memory >> 20)
                            + " MiB of memory, "
                            + (heap >> 20)
                            + " MiB of objects on Java's heap, and "
                            + files
                            + " open files";
            before = after;
        }
        Assertions.fail(told);
    }

    private static void repeat(Runnable cycle) {
        for (int i = 0; i < 100; i++) {
            cycle.run();
            if (i % 10 == 9) {
                System.gc(); // what only a collection frees would hide a leak that takes its place
            }
        }
    }
}
