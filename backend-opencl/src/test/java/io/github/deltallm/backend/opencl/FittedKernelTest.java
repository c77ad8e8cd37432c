package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Kernels are laid out as their own limits ask for, on a device that would take more. */
class FittedKernelTest {
    @TempDir private Path folder;

    private OpenClDevice open() {
        return new OpenClDevice(Devices.any(), Devices.settings(folder, true, Long.MAX_VALUE));
    }

    @Test
    void lanesAreThoseThatTheKernelAllows() {
        try (OpenClDevice device = open()) {
            List<String> built = new ArrayList<>();
            FittedKernel fitted =
                    FittedKernel.lanes(
                            device.shape(),
                            shape -> {
                                built.add(shape.options(1));
                                return device.programs()
                                        .program(shape.options(1), "rows.cl")
                                        .kernel("rms_norm");
                            },
                            kernel -> 31 / built.size());
            try (ClKernel kernel = fitted.kernel()) {
                assertThat(kernel.name()).isEqualTo("rms_norm");
                assertThat(fitted.shape().lanes()).as("of 32, 16 and 15 at most").isEqualTo(8);
                assertThat(built)
                        .containsExactly(
                                "-D LANES=32 -D ROWS=1",
                                "-D LANES=16 -D ROWS=1",
                                "-D LANES=8 -D ROWS=1");
            }
        }
    }

    @Test
    void tilesAreThoseThatTheKernelAllowsOrNone() {
        try (OpenClDevice device = open();
                Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4 * 32, 64);
            WeightBuffer weight =
                    new WeightBuffer(new Tensor("w", TensorType.F32, 1, 32, data), List.of());
            assertThat(tile(device, weight, 128)).isEqualTo(64);
            assertThat(tile(device, weight, 127)).isEqualTo(32);
            assertThat(tile(device, weight, 128)).as("refused once, never tried").isEqualTo(32);
            int live = device.context().live();
            assertThat(tile(device, weight, 31)).isZero();
            assertThat(device.context().live()).as("objects").isEqualTo(live);
        }
    }

    private static int tile(OpenClDevice device, WeightBuffer weight, int limit) {
        Optional<FittedKernel> tiles = FittedKernel.tiles(device, weight, kernel -> limit);
        tiles.ifPresent(fitted -> fitted.kernel().close());
        return tiles.map(fitted -> fitted.shape().tile()).orElse(0);
    }
}
