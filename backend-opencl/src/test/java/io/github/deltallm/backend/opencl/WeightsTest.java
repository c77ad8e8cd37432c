package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;

/** Weights are on the device as they are in the file, in place where that can be. */
class WeightsTest {
    private static final int COUNT = 5000;

    @TempDir private Path folder;

    private static void fill(MemorySegment data) {
        for (int i = 0; i < COUNT; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
    }

    /** Reads back what the device has, and tells how much memory of its own that takes. */
    private long taken(boolean apart, MemorySegment data) {
        OpenClSettings settings =
                new OpenClSettings(Optional.empty(), Optional.of(folder), apart, false);
        Tensor tensor = new Tensor("w", TensorType.F32, 1, COUNT, data);
        try (OpenClDevice device = new OpenClDevice(Devices.any(), settings);
                Resources resources = new Resources();
                Arena arena = Arena.ofConfined()) {
            ClQueue queue = device.queue();
            resources.add(queue, queue::close);
            Weights weights = new Weights(device, queue, resources);
            WeightBuffer weight = weights.of(tensor);
            assertThat(weights.of(tensor)).as("once").isSameAs(weight);
            MemorySegment read = arena.allocate(4 * COUNT, 4);
            queue.read(weight.buffer(), weight.offset(), read, 0, 4 * COUNT);
            assertThat(read.mismatch(data)).isEqualTo(-1);
            return device.memory().used(BufferUse.WEIGHTS);
        }
    }

    @Test
    void nativeMemoryIsUsedInPlaceWhereTheDeviceSharesIt() {
        boolean shared = Devices.any().limits().unified();
        try (Arena arena = Arena.ofConfined()) {
            for (int offset = 0; offset <= 4096; offset += 32 * 16) {
                MemorySegment data = arena.allocate(4 * COUNT + offset, 64).asSlice(offset);
                fill(data);
                assertThat(taken(false, data)).isEqualTo(shared ? 0 : 4 * COUNT);
            }
        }
    }

    @Test
    void deviceWithMemoryOfItsOwnGetsACopy() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4 * COUNT, 64);
            fill(data);
            assertThat(taken(true, data)).isEqualTo(4 * COUNT);
        }
    }

    @Test
    void arraysAndOddAddressesAreCopied() {
        MemorySegment array = MemorySegment.ofArray(new float[COUNT]);
        fill(array);
        assertThat(taken(false, array)).isEqualTo(4 * COUNT);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(4 * COUNT + 1, 64).asSlice(1);
            odd.copyFrom(array);
            assertThat(taken(false, odd)).isEqualTo(4 * COUNT);
        }
    }
}
