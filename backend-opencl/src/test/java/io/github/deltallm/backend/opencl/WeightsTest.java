package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Weights are on the device as they are in the file, in place where that can be. */
class WeightsTest {
    private static final int COUNT = 5000;
    private static final int OUT_OF_RESOURCES = -5;
    private static final int INVALID_HOST_POINTER = -37;

    @TempDir private Path folder;

    private static void fill(MemorySegment data) {
        for (int i = 0; i < data.byteSize() / Float.BYTES; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
    }

    /** Reads back what the device has, and tells how much memory of its own that takes. */
    private long taken(boolean apart, MemorySegment data) {
        return taken(Devices.any(), Devices.settings(folder, apart, Long.MAX_VALUE), 1, data);
    }

    private static long taken(
            ClDevice opened, OpenClSettings settings, int rows, MemorySegment data) {
        int columns = (int) (data.byteSize() / Float.BYTES / rows);
        Tensor tensor = new Tensor("w", TensorType.F32, rows, columns, data);
        try (OpenClDevice device = new OpenClDevice(opened, settings);
                Resources resources = new Resources();
                Arena arena = Arena.ofConfined()) {
            ClQueue queue = device.queue();
            resources.add(queue, queue::close);
            Weights weights = new Weights(device, queue, resources, List.of(tensor));
            WeightBuffer weight = weights.of(tensor);
            assertThat(weights.of(tensor)).as("once").isSameAs(weight);
            MemorySegment read = arena.allocate(data.byteSize(), 4);
            int next = 0;
            for (WeightPart part : weight.parts()) {
                assertThat(part.first()).as("in order").isEqualTo(next);
                next += part.rows();
                long bytes = part.rows() * tensor.rowBytes();
                try (ClBuffer seen =
                        device.context().buffer(BufferUse.TABLES, bytes, "what it sees")) {
                    queue.copy(part.buffer(), part.offset(), seen, 0, bytes);
                    queue.read(seen, 0, read, part.first() * tensor.rowBytes(), bytes);
                }
            }
            assertThat(next).isEqualTo(rows);
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
        OpenClSettings copying =
                new OpenClSettings(
                        Optional.empty(), Optional.of(folder), true, Long.MAX_VALUE, false, false);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4 * COUNT, 64);
            fill(data);
            assertThat(taken(Devices.any(), copying, 1, data)).isEqualTo(4 * COUNT);
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

    @Test
    void tensorThatIsLargerThanABufferLiesInSeveral() {
        boolean shared = Devices.any().limits().unified();
        long most = 3 * 4096 + 100;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4L * 7 * COUNT + 20, 4096).asSlice(20);
            fill(data);
            OpenClSettings apart = Devices.settings(folder, true, most);
            assertThat(taken(Devices.any(), apart, 70, data)).isEqualTo(data.byteSize());
            // Rows of 2,000 bytes in buffers of 12,288: every sixth or seventh lies in two.
            OpenClSettings inPlace = Devices.settings(folder, false, most);
            long copied = taken(Devices.any(), inPlace, 70, data);
            assertThat(copied).isEqualTo(shared ? 2000 * 11 : data.byteSize());
        }
    }

    /** A device that shares memory, with something wrong with it. */
    private void assertCopied(Driver driver) {
        assumeTrue(Devices.any().limits().unified(), "needs a device that shares memory");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(4 * COUNT, 64);
            fill(data);
            OpenClSettings settings = Devices.settings(folder);
            assertThat(taken(driver.device(), settings, 1, data)).isEqualTo(4 * COUNT);
        }
    }

    @Test
    void memoryThatTheDriverRefusesIsCopied() {
        Driver driver = new Driver();
        ClFunctions sound = driver.sound();
        driver.replace(
                "clCreateBuffer",
                Driver.Buffers.class,
                (context, flags, size, host, error) -> {
                    Driver.put(error, INVALID_HOST_POINTER);
                    return host == 0 ? sound.createBuffer(context, flags, size, 0, error) : 0;
                });
        assertCopied(driver);
    }

    @Test
    void memoryThatTheDeviceReadsWronglyIsCopied() {
        Driver driver = new Driver();
        ClFunctions sound = driver.sound();
        driver.replace(
                "clCreateBuffer",
                Driver.Buffers.class,
                (context, flags, size, host, error) ->
                        sound.createBuffer(context, host == 0 ? flags : 1, size, 0, error));
        assertCopied(driver);
    }

    @Test
    void memoryThatFailsWhenItIsReadIsCopied() {
        Driver driver = new Driver();
        driver.replace(
                "clEnqueueNDRangeKernel",
                Driver.Launches.class,
                (queue, kernel, dimensions, offset, global, local, waiting, events, event) ->
                        OUT_OF_RESOURCES);
        assertCopied(driver);
    }
}
