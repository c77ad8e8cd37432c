package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Encoding;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.LogitsSink;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Sums have one order, whoever computes them; chunks only change roundings. */
class ThreadCountTest {
    private static final int LENGTH = 340;

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 16})
    void logitsDoNotDependOnTheNumberOfThreads(int threads) {
        for (Precision precision : Precision.values()) {
            isTheSameAlone(TinyModel.program(), precision, threads);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void logitsOfTernaryWeightsDoNotDependOnTheNumberOfThreads(int threads) {
        isTheSameAlone(TinyModel.ternary(), Precision.FAST, threads);
    }

    private static void isTheSameAlone(Program program, Precision precision, int threads) {
        List<float[]> alone = logits(program, precision, 1, 300, 2, 30, 1, 1, 6);
        List<float[]> together = logits(program, precision, threads, 300, 2, 30, 1, 1, 6);
        assertThat(together).hasSameSizeAs(alone);
        for (int row = 0; row < alone.size(); row++) {
            assertThat(together.get(row)).as("row %d", row).isEqualTo(alone.get(row));
        }
    }

    @Test
    void logitsDoNotDependOnTheChunksBeyondRounding() {
        int[] chunks = {100, 1, 7, 8, 9, 64, 1, 2, 3, 4, 5, 16, 17, 100, 3};
        List<float[]> whole = logits(TinyModel.program(), Precision.F32, 2, LENGTH);
        List<float[]> pieces = logits(TinyModel.program(), Precision.F32, 2, chunks);
        assertThat(pieces).hasSameSizeAs(whole);
        for (int row = 0; row < LENGTH; row++) {
            float[] a = whole.get(row);
            float[] b = pieces.get(row);
            float most = 0;
            float difference = 0;
            for (int i = 0; i < a.length; i++) {
                most = Math.max(most, Math.abs(a[i]));
                difference = Math.max(difference, Math.abs(a[i] - b[i]));
            }
            assertThat(difference).as("row %d", row).isLessThan(1e-4f * most);
        }
    }

    private static List<float[]> logits(
            Program program, Precision precision, int threads, int... chunks) {
        List<float[]> rows = new ArrayList<>();
        LogitsSink sink = (row, logits) -> rows.add(copy(logits));
        try (Backend backend = KernelChecks.open(threads, precision);
                Executable executable = backend.compile(program, LENGTH);
                KvCache cache =
                        executable.newCache(TestStrategy.dense(Encoding.Store.F32), LENGTH)) {
            int[] tokens = new int[LENGTH];
            for (int i = 0; i < LENGTH; i++) {
                tokens[i] = i * 37 % TinyModel.VOCABULARY;
            }
            for (int chunk : chunks) {
                Step step = new Step();
                step.add(cache, tokens, cache.length(), chunk, Step.Logits.ALL);
                executable.run(step, sink);
            }
        }
        return rows;
    }

    static float[] copy(MemorySegment logits) {
        return logits.toArray(ValueLayout.JAVA_FLOAT);
    }
}
