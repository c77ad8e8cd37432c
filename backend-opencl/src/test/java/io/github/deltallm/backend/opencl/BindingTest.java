package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Buffers, queues and kernels on a device. */
class BindingTest {
    private static final int COUNT = 1000;

    @TempDir private Path folder;

    private OpenClDevice device;
    private ClContext context;
    private ClQueue queue;

    @BeforeEach
    void open() {
        device = new OpenClDevice(Devices.any(), Devices.settings(folder));
        context = device.context();
        queue = device.queue();
    }

    @AfterEach
    void nothingIsLeft() {
        if (device != null) {
            queue.close();
            device.close();
            assertThat(context.live()).as("objects that were not closed").isZero();
            assertThat(device.memory().used()).as("bytes that were not given back").isZero();
        }
    }

    private ClBuffer buffer(long bytes) {
        return context.buffer(BufferUse.ACTIVATIONS, bytes, "a test");
    }

    @Test
    void kernelAddsWhatWasWritten() {
        try (Arena arena = Arena.ofConfined();
                ClBuffer left = buffer(4 * COUNT);
                ClBuffer right = buffer(4 * COUNT);
                ClBuffer sum = buffer(4 * COUNT);
                ClKernel add = device.programs().program("-D LANES=1", "rows.cl").kernel("add")) {
            MemorySegment memory = arena.allocate(4 * COUNT, 4);
            for (int i = 0; i < COUNT; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
            }
            queue.write(left, 0, memory, 0, 4 * COUNT);
            queue.copy(left, 4, right, 0, 4 * COUNT - 4);
            queue.fill(right, 4 * COUNT - 4, 4, (byte) 0);
            queue.launch1(add.arg(0, left).arg(1, right).arg(2, sum).arg(3, COUNT), COUNT, 64);
            MemorySegment read = arena.allocate(4 * COUNT, 4);
            queue.read(sum, 0, read, 0, 4 * COUNT);
            for (int i = 0; i < COUNT; i++) {
                float expected = i == COUNT - 1 ? i : 2 * i + 1;
                assertThat(read.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(expected);
            }
        }
    }

    @Test
    void timesOfKernelsAreAddedUpByName() {
        try (ClQueue timed = new ClQueue(context, true);
                ClBuffer buffer = buffer(4 * COUNT);
                ClKernel add = device.programs().program("-D LANES=1", "rows.cl").kernel("add")) {
            add.arg(0, buffer).arg(1, buffer).arg(2, buffer).arg(3, COUNT);
            for (int i = 0; i < 3; i++) {
                timed.launch1(add, COUNT, 64);
            }
            timed.finish();
            assertThat(timed.times().launches("add")).isEqualTo(3);
            assertThat(timed.times().launches("rope")).isZero();
        }
    }

    @Test
    void rangesOutsideOfABufferAreRefused() {
        try (Arena arena = Arena.ofConfined();
                ClBuffer buffer = buffer(16)) {
            MemorySegment memory = arena.allocate(16);
            assertThatThrownBy(() -> queue.write(buffer, 8, memory, 0, 9))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> queue.write(buffer, 0, memory, 8, 9))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> queue.read(buffer, -1, memory, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> queue.copy(buffer, 0, buffer, 9, 8))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> queue.fill(buffer, 0, 17, (byte) 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() ->
                            queue.write(buffer, 0, MemorySegment.ofArray(new byte[16]), 0, 16))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void errorsNameTheCallAndWhatItWasFor() {
        try (ClKernel add = device.programs().program("-D LANES=1", "rows.cl").kernel("add")) {
            assertThatThrownBy(() -> add.arg(99, 1))
                    .isInstanceOf(ClException.class)
                    .hasMessage(
                            "OpenCL could not set argument 99 of the kernel add: clSetKernelArg"
                                    + " failed with CL_INVALID_ARG_INDEX (-49)");
        }
        assertThatThrownBy(
                        () -> device.programs().program("-D LANES=1", "rows.cl").kernel("nothing"))
                .isInstanceOf(ClException.class)
                .hasMessageContaining("make the kernel nothing of rows.cl")
                .hasMessageContaining("CL_INVALID_KERNEL_NAME (-46)");
    }

    @Test
    void lostDeviceIsReportedAsOne() {
        assertThat(new ClException(-36, "clFinish", "run the queued kernels"))
                .hasMessageContaining("CL_INVALID_COMMAND_QUEUE (-36)")
                .hasMessageContaining("the device was lost");
        assertThat(new ClException(-77777, "clFinish", "run the queued kernels"))
                .hasMessageContaining("the unknown error -77777");
    }

    @Test
    void bufferLargerThanTheDeviceAllowsIsRefusedBeforeTheDriverIsAsked() {
        long tooLarge = device.limits().maxAlloc() + 1;
        assertThatThrownBy(() -> buffer(tooLarge))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("CL_DEVICE_MAX_MEM_ALLOC_SIZE")
                .hasMessageContaining("a test");
    }

    @Test
    void closedObjectsAreNotUsedAgain() {
        ClBuffer buffer = buffer(16);
        buffer.close();
        buffer.close();
        assertThat(device.memory().used()).isZero();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(16);
            assertThatThrownBy(() -> queue.write(buffer, 0, memory, 0, 16))
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
