package io.github.deltallm.backend.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What machines leave behind when none is kept for the next program; the kit's rules of leaks see
 * only those that are kept. Over PoCL the device's memory is the process's.
 */
class MachineLeakTest {
    private static final Path STATUS = Path.of("/proc/self/status");

    /** The first programs warm up compilers, theirs and Java's. */
    private static final int WARM = 25;

    private static final int PROGRAMS = 100;

    @BeforeAll
    static void requireTornadoVm() {
        assumeFalse(StandIn.present(), "there is no TornadoVM: set TORNADOVM_HOME to its SDK");
        assumeTrue(Files.isReadable(STATUS), "the process's memory is read from " + STATUS);
    }

    /** Bytes of memory that the process has. */
    private static long resident() {
        System.gc();
        try {
            return Files.readAllLines(STATUS).stream()
                            .filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                            .sum()
                    << 10;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One matrix of ones, times a row. */
    private static Program product(MemorySegment weights, int size) {
        Tensor tensor = new Tensor("ones", TensorType.F32, size, size, weights);
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 32));
        Value in = recorder.input("in", size);
        Value out = recorder.value("out", size);
        return recorder.linear(in, tensor, out).output(out).program();
    }

    /** Opens, runs and closes programs; returns how many bytes more there are behind the last. */
    private static long grown(int size, Machines machines) {
        TornadoDevice device = AttentionTrial.device();
        long before = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment weights = arena.allocate(4L * size * size, 16);
            for (long i = 0; i < (long) size * size; i++) {
                weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
            }
            Program program = product(weights, size);
            float[] ones = new float[size];
            java.util.Arrays.fill(ones, 1);
            for (int i = 0; i < PROGRAMS; i++) {
                ProgramLayout layout = new ProgramLayout(program, 1, device.limits().buffer());
                try (TornadoExecutable executable =
                        new TornadoExecutable(layout, device, machines)) {
                    executable.write(program.inputs().getFirst(), 1, ones);
                    executable.run(new Step(), (row, logits) -> {});
                    executable.read(program.outputs().getFirst(), 1);
                    assertThat(machines.used(device)).isPositive();
                }
                assertThat(machines.used(device)).isZero();
                if (i == WARM) {
                    before = resident();
                }
            }
            return resident() - before;
        }
    }

    @Test
    void programsThatAreClosedLeaveNothing() {
        Machines machines = new Machines(new Machines.Bounds(0, 0, 0), TornadoDevice::limits);
        long each = 4L * 1024 * 1024;
        assertThat(grown(1024, machines)).isLessThan(PROGRAMS * each / 8);
    }

    @Test
    void modelsThatAreTooLargeToBeKeptLeaveNothing() {
        long each = 4L * 4352 * 4352;
        Machines machines =
                new Machines(new Machines.Bounds(48, 512L << 20, 64L << 20), TornadoDevice::limits);
        assertThat(grown(4352, machines)).isLessThan(PROGRAMS * each / 8);
    }
}
