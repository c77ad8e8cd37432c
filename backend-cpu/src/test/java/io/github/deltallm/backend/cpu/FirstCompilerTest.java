package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.Test;

import java.io.IOException;

/**
 * A method that the JVM's first compiler gives up on may never reach the second one: the kernel
 * then runs a hundred times slower, on some starts and not on others. So the first must take them
 * all.
 */
class FirstCompilerTest {
    /** What the forked JVM runs: steps that take every kernel, often enough to be compiled. */
    public static void main(String[] args) {
        for (Encoding.Store store : Encoding.Store.values()) {
            boolean first = store == Encoding.Store.F32;
            int[] chunks = first ? new int[] {70, 20, 10, 3, 2, 1} : new int[] {6, 2};
            run(TinyModel.program(), Precision.F32, store, chunks);
        }
        int[] mostlySingle = {70, 20, 10, 3, 1, 1, 1, 1, 1, 1, 1, 1};
        run(TinyModel.program(), Precision.FAST, Encoding.Store.F32, mostlySingle);
        run(TinyModel.ternary(), Precision.FAST, Encoding.Store.F32, 20, 1);
    }

    private static void run(
            Program program, Precision precision, Encoding.Store store, int... chunks) {
        try (Backend backend = KernelChecks.open(1, precision);
                Executable executable = backend.compile(program, 80);
                KvCache cache = executable.newCache(TestStrategy.dense(store), 200)) {
            for (int count : chunks) {
                Step step = new Step();
                step.add(cache, new int[count], 0, count, Step.Logits.ALL);
                executable.run(step, (row, logits) -> {});
            }
        }
    }

    @Test
    void takesEveryKernel() throws IOException, InterruptedException {
        String printed =
                ForkedJvm.run(
                        FirstCompilerTest.class,
                        ForkedJvm.VECTORS,
                        "-XX:TieredStopAtLevel=3",
                        "-XX:+PrintCompilation",
                        "-Xbatch");
        assertThat(printed.lines().filter(line -> line.contains("deltallm")))
                .anyMatch(line -> line.contains("TileKernels::tile"))
                .anyMatch(line -> line.contains("DecodeKernels::"))
                .anyMatch(line -> line.contains("BlockMatVec::"))
                .anyMatch(line -> line.contains("FourBitTile::add"))
                .anyMatch(line -> line.contains("FourBitKernels::add"))
                .anyMatch(line -> line.contains("FourBitKernels::multiply"))
                .anyMatch(line -> line.contains("SixBitKernels::"))
                .anyMatch(line -> line.contains("TernaryKernels::"))
                .anyMatch(line -> line.contains("TernaryWeight::"))
                .noneMatch(line -> line.contains("COMPILE SKIPPED"));
    }
}
