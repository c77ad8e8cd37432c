package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

class RepackingTest {
    @TempDir private Path folder = Path.of("");

    /** The JVM then throws an exception that it does not declare. */
    @Test
    void pagesThatTheSystemKeepsStay() throws Throwable {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "no Linux");
        Path file = Files.write(folder.resolve("file"), new byte[] {1, 2, 3});
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(file)) {
            MemorySegment data = channel.map(FileChannel.MapMode.READ_ONLY, 0, 3, arena);
            assumeTrue(lock(data), "no page may be locked");
            Repacking.giveBack(data);
            assertThat(data.toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3);
        }
    }

    @SuppressWarnings("restricted")
    private static boolean lock(MemorySegment data) throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle mlock =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("mlock"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
        return (int) mlock.invokeExact(data, data.byteSize()) == 0;
    }
}
