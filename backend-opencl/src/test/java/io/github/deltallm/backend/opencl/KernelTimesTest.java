package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Times are wanted, not needed. */
class KernelTimesTest {
    private static final int NOT_AVAILABLE = -7;

    @TempDir private Path folder;

    private final Driver driver = new Driver();
    private final List<Long> released = new ArrayList<>();

    @Test
    void timeThatADriverDoesNotTellFailsNothing() {
        driver.replace(
                "clGetEventProfilingInfo",
                Driver.Info.class,
                (event, name, size, value, needed) -> NOT_AVAILABLE);
        ClFunctions.Release release = driver.sound().release("clReleaseEvent");
        driver.replace(
                "clReleaseEvent",
                Driver.Release.class,
                event -> {
                    released.add(event);
                    return release.release(event);
                });
        OpenClSettings settings =
                new OpenClSettings(
                        Optional.empty(), Optional.of(folder), false, Long.MAX_VALUE, false, true);
        try (OpenClDevice device = new OpenClDevice(driver.device(), settings);
                ClProgram program =
                        device.programs().build("f", "kernel void f() {}", "-cl-std=CL1.2");
                ClKernel kernel = program.kernel("f");
                ClQueue queue = device.queue()) {
            queue.launch1(kernel, 1, 1);
            queue.launch1(kernel, 1, 1);
            queue.finish();
            assertThat(queue.times().launches("f")).isEqualTo(2);
            assertThat(released).as("released once").hasSize(2);
            queue.launch1(kernel, 1, 1);
        }
        assertThat(released).as("those of a queue that is closed").hasSize(3);
    }
}
