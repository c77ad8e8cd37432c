package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What is closed is gone. */
class LeakTest {
    private static final int CYCLES = 100;

    @TempDir private Path folder;

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "file descriptors are listed in /proc")
    void hundredCyclesLeakNeitherObjectsNorMemoryNorFiles() throws IOException {
        Devices.any();
        cycle();
        long files = openFiles();
        for (int i = 0; i < CYCLES; i++) {
            cycle();
        }
        assertThat(openFiles()).as("open files").isLessThanOrEqualTo(files);
    }

    private void cycle() {
        OpenClBackendProvider provider = new OpenClBackendProvider(Devices.settings(folder));
        OpenClBackend backend = (OpenClBackend) provider.open(BackendOptions.DEFAULT);
        ClContext context = backend.device().context();
        try (backend;
                Executable executable = backend.compile(program(), 4)) {
            run(executable);
            assertThat(context.live()).as("objects in use").isGreaterThan(1);
        }
        assertThat(context.live()).as("objects that were not released").isZero();
        assertThat(context.memory().used()).as("bytes that were not given back").isZero();
    }

    @Test
    void programThatFailsToCompileLeavesNothing() {
        Devices.any();
        OpenClBackendProvider provider = new OpenClBackendProvider(Devices.settings(folder));
        OpenClBackend backend = (OpenClBackend) provider.open(BackendOptions.DEFAULT);
        ClContext context = backend.device().context();
        try (backend) {
            assertThatThrownBy(() -> backend.compile(Tiny.damagedTernary(), 4))
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("damaged");
            assertThat(context.memory().used()).as("bytes that were not given back").isZero();
        }
        assertThat(context.live()).as("objects that were not released").isZero();
    }

    private static Program program() {
        return Tiny.transformer();
    }

    /** Caches that nobody closed go with their executable. */
    private static void run(Executable executable) {
        var cache = executable.newCache(Tiny.DENSE, 8);
        Step step = new Step().add(cache, new int[] {1, 2, 3}, 0, 3, Step.Logits.LAST);
        executable.run(step, (row, logits) -> {});
        executable.newCache(Tiny.DENSE, 8);
        cache.close();
    }

    private static long openFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }
}
