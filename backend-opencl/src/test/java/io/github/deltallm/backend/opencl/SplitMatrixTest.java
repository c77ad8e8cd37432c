package io.github.deltallm.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Step;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Matrices that are larger than a buffer give what whole ones do, to the last bit. */
class SplitMatrixTest {
    private static final long SMALL = 50_000;
    private static final int[] TOKENS = {0, 129, 48, 49, 47, 97, 1};

    @TempDir private Path folder;

    private List<float[]> outputs(boolean apart, long maxAlloc) {
        Program program = Tiny.matrices();
        OpenClSettings settings = Devices.settings(folder, apart, maxAlloc);
        List<float[]> all = new ArrayList<>();
        try (OpenClDevice device = new OpenClDevice(Devices.any(), settings);
                Executable executable = new OpenClExecutable(program, TOKENS.length, device);
                KvCache cache = executable.newCache(Tiny.DENSE, 8)) {
            executable.run(
                    new Step().add(cache, TOKENS, 0, TOKENS.length, Step.Logits.ALL),
                    (row, logits) -> all.add(logits.toArray(ValueLayout.JAVA_FLOAT)));
            program.outputs().forEach(out -> all.add(executable.read(out, TOKENS.length)));
        }
        return all;
    }

    @ParameterizedTest(name = "apart: {0}")
    @ValueSource(booleans = {false, true})
    void splitMatricesGiveWhatWholeOnesDo(boolean apart) {
        List<float[]> whole = outputs(apart, Long.MAX_VALUE);
        List<float[]> split = outputs(apart, SMALL);
        assertThat(split).hasSize(TOKENS.length + 3).hasSameSizeAs(whole);
        for (int i = 0; i < whole.size(); i++) {
            assertThat(split.get(i)).as("output " + i).isEqualTo(whole.get(i));
        }
    }
}
