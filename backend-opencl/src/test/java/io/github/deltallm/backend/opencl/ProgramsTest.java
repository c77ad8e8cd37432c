package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs are built once, and what does not build says why. */
class ProgramsTest {
    @TempDir private Path folder;

    private OpenClDevice open() {
        return new OpenClDevice(Devices.any(), Devices.settings(folder));
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private void buildAndRun() {
        try (OpenClDevice device = open();
                ClKernel add = device.programs().program("-D LANES=1", "rows.cl").kernel("add")) {
            assertThat(add.maxGroup()).isPositive();
            assertThat(device.programs().program("-D LANES=1", "rows.cl"))
                    .as("built once")
                    .isSameAs(device.programs().program("-D LANES=1", "rows.cl"));
        }
    }

    @Test
    void compiledProgramsAreKeptAndUsedAgain() throws IOException {
        buildAndRun();
        assertThat(kept()).hasSize(1);
        byte[] first = Files.readAllBytes(kept().getFirst());
        buildAndRun();
        assertThat(kept()).hasSize(1);
        assertThat(Files.readAllBytes(kept().getFirst())).isEqualTo(first);
    }

    @Test
    void damagedProgramsAreCompiledAgain() throws IOException {
        buildAndRun();
        Path file = kept().getFirst();
        Files.write(file, new byte[] {1, 2, 3});
        buildAndRun();
        assertThat(Files.size(file)).as("written again").isGreaterThan(100);
    }

    @Test
    void binaryThatTheDeviceRefusesIsCompiledAgain() throws IOException {
        try (OpenClDevice device = open()) {
            ClContext context = device.context();
            assertThatThrownBy(() -> ClProgram.ofBinary(context, "x", new byte[] {1, 2, 3}, ""))
                    .isInstanceOf(ClException.class)
                    .hasMessageContaining("load the compiled x");
            BinaryCache cache = new BinaryCache(Optional.of(folder));
            BinaryCache.Key key =
                    cache.key(context.device().identity(), "-cl-std=CL1.2", "kernel void f() {}");
            cache.keep(key, new byte[] {1, 2, 3});
            Programs programs = new Programs(context, cache);
            programs.build("f", "kernel void f() {}", "-cl-std=CL1.2").close();
            assertThat(cache.find(key)).as("written again").hasSizeGreaterThan(3);
            assertThat(context.live()).as("objects").isEqualTo(1);
        }
    }

    @Test
    void binaryWithoutTheKernelIsCompiledAgain() {
        try (OpenClDevice device = open()) {
            ClContext context = device.context();
            BinaryCache cache = new BinaryCache(Optional.of(folder));
            Programs programs = new Programs(context, cache);
            String source = "kernel void f() {}";
            BinaryCache.Key key = cache.key(context.device().identity(), "-cl-std=CL1.2", source);
            try (ClProgram other =
                    ClProgram.ofSource(context, "g", "kernel void g() {}", "-cl-std=CL1.2")) {
                cache.keep(key, other.binary());
            }
            byte[] wrong = cache.find(key);
            try (ClProgram program = programs.build("f", source, "-cl-std=CL1.2");
                    ClKernel f = program.kernel("f")) {
                assertThat(f.maxGroup()).isPositive();
                assertThat(cache.find(key)).as("written again").isNotEmpty().isNotEqualTo(wrong);
                assertThatThrownBy(() -> program.kernel("g"))
                        .isInstanceOf(ClException.class)
                        .hasMessageContaining("CL_INVALID_KERNEL_NAME");
            }
            assertThat(context.live()).as("objects").isEqualTo(1);
        }
    }

    @Test
    void driverThatGivesNoBinariesIsNoFailure() throws IOException {
        Driver driver = new Driver();
        int[] asked = {0};
        driver.replace(
                "clGetProgramInfo",
                Driver.Info.class,
                (object, name, size, value, needed) -> {
                    asked[0]++;
                    return -30;
                });
        try (ClContext context = new ClContext(driver.device())) {
            for (Optional<Path> place : List.of(Optional.of(folder), Optional.<Path>empty())) {
                try (Programs programs = new Programs(context, new BinaryCache(place))) {
                    ClKernel add = programs.program("-D LANES=1", "rows.cl").kernel("add");
                    add.close();
                }
                assertThat(asked[0]).as("asked for a binary, with a folder alone").isEqualTo(1);
            }
            assertThat(context.live()).as("objects").isEqualTo(1);
        }
        assertThat(kept()).isEmpty();
    }

    @Test
    void whatDoesNotCompileComesWithTheCompilersLog() {
        try (OpenClDevice device = open()) {
            assertThatThrownBy(() ->
                            device.programs().program("-D TYPE_NONE", "decode.cl", "linear.cl"))
                    .isInstanceOf(ClException.class)
                    .hasMessageContaining("clBuildProgram failed with CL_BUILD_PROGRAM_FAILURE")
                    .hasMessageContaining(device.context().device().name())
                    .hasMessageContaining("no TYPE_... is defined");
        }
    }
}
