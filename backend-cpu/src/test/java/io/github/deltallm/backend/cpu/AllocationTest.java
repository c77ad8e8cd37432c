package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;

/**
 * A vector that the compiler fails to keep in a register shows as garbage, whatever the machine's
 * load: a step takes hundreds of thousands of vector operations, each of which would box 80 bytes.
 */
class AllocationTest {
    private static final long BYTES_A_STEP = 4_096;
    private static final int STEPS = 8;
    private static final LogitsSink NO_SINK = (row, logits) -> {};

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 30, 70})
    void stepsMakeNoGarbageOnceTheyAreCompiled(int rows) {
        assertThat(garbage(TinyModel.program(), Precision.FAST, rows)).isLessThan(BYTES_A_STEP);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 30, 70})
    void stepsWithoutRoundingMakeNoGarbageOnceTheyAreCompiled(int rows) {
        assertThat(garbage(TinyModel.program(), Precision.F32, rows)).isLessThan(BYTES_A_STEP);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16})
    void stepsWithTernaryWeightsMakeNoGarbageOnceTheyAreCompiled(int rows) {
        assertThat(garbage(TinyModel.ternary(), Precision.FAST, rows)).isLessThan(BYTES_A_STEP);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void stepsWithNarrowVectorsMakeNoGarbageEither(int bytes)
            throws IOException, InterruptedException {
        String printed =
                ForkedJvm.run(
                        AllocationTest.class, ForkedJvm.VECTORS, "-XX:MaxVectorSize=" + bytes);
        List<String> lines = printed.lines().filter(line -> line.startsWith("garbage ")).toList();
        assertThat(lines)
                .hasSize(6)
                .allSatisfy(line ->
                        assertThat(Long.parseLong(line.substring("garbage ".length())))
                                .isLessThan(BYTES_A_STEP));
    }

    /** What a forked JVM runs. */
    public static void main(String[] args) {
        for (int rows : new int[] {1, 3, 16, 30}) {
            System.out.println("garbage " + garbage(TinyModel.program(), Precision.FAST, rows));
        }
        for (int rows : new int[] {1, 16}) {
            System.out.println("garbage " + garbage(TinyModel.ternary(), Precision.FAST, rows));
        }
    }

    /** Bytes a step, once they are few or a while has passed. */
    private static long garbage(Program program, Precision precision, int rows) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        try (Backend backend = KernelChecks.open(2, precision);
                Executable executable = backend.compile(program, rows);
                KvCache cache =
                        executable.newCache(
                                TestStrategy.dense(Encoding.Store.BF16), 64 + STEPS * rows)) {
            Step first = new Step().add(cache, new int[rows], 0, 1, Step.Logits.LAST);
            Step step = new Step().add(cache, new int[rows], 0, rows, Step.Logits.LAST);
            long end = System.nanoTime() + Duration.ofSeconds(100).toNanos();
            while (least >= BYTES_A_STEP && System.nanoTime() < end) {
                cache.truncate(0);
                executable.run(first, NO_SINK);
                long before = threads.getTotalThreadAllocatedBytes();
                for (int i = 0; i < STEPS; i++) {
                    executable.run(step, NO_SINK);
                }
                long after = threads.getTotalThreadAllocatedBytes();
                least = Math.min(least, (after - before) / STEPS);
            }
        }
        return least;
    }
}
