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
        for (int i = 0; i < data.byteSize() / Float.BYTES; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
    }

    /** Reads back what the device has, and tells how much memory of its own that takes. */
    private long taken(boolean apart, MemorySegment data) {
        OpenClSettings settings =
                new OpenClSettings(Optional.empty(), Optional.of(folder), apart, false);
        int count = (int) (data.byteSize() / Float.BYTES);
        Tensor tensor = new Tensor("w", TensorType.F32, 1, count, data);
        try (OpenClDevice device = new OpenClDevice(Devices.any(), settings);
                Resources resources = new Resources();
                Arena arena = Arena.ofConfined()) {
            ClQueue queue = device.queue();
            resources.add(queue, queue::close);
            Weights weights = new Weights(device, queue, resources);
            WeightBuffer weight = weights.of(tensor);
            assertThat(weights.of(tensor)).as("once").isSameAs(weight);
            long bytes = data.byteSize();
            ClBuffer seen =
                    resources.add(device.context().buffer(BufferUse.TABLES, bytes, "what it sees"));
            queue.copy(weight.buffer(), weight.offset(), seen, 0, bytes);
            MemorySegment read = arena.allocate(bytes, 4);
            queue.read(seen, 0, read, 0, bytes);
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
    void copiesCanBeForcedOnADeviceThatSharesMemory() {
        String before = System.getProperty(Weights.COPY_PROPERTY, "");
        System.setProperty(Weights.COPY_PROPERTY, "true");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4 * COUNT, 64);
            fill(data);
            assertThat(taken(false, data)).isEqualTo(4 * COUNT);
        } finally {
            System.setProperty(Weights.COPY_PROPERTY, before);
        }
    }

    @Test
    void copyOfSeveralPartsIsWhole() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate((40 << 20) + 4, 64);
            fill(data);
            assertThat(taken(true, data)).isEqualTo(data.byteSize());
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
