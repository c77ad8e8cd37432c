package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Repacked weights take the place of the mapped ones. */
class TernaryMemoryTest {
    private static final Path SMAPS = Path.of("/proc/self/smaps");
    private static final int ROWS = 4096;
    private static final int COLUMNS = 2560;

    @Test
    void mappedPagesAreGivenBackAndMayBeReadAgain(@TempDir Path folder) throws IOException {
        assumeTrue(Files.isReadable(SMAPS), "skipped: there is no " + SMAPS);
        Tensor made = TernaryTensor.random(TensorType.I2_S, ROWS, COLUMNS, 1).tensor();
        Path file = folder.resolve("ternary.bin");
        Files.write(file, made.data().toArray(ValueLayout.JAVA_BYTE));
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file);
                Backend backend = KernelChecks.open(2)) {
            MemorySegment data =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Tensor mapped = new Tensor("mapped", TensorType.I2_S, ROWS, COLUMNS, data);
            float[] expected = product(backend, made, null);
            assertThat(product(backend, mapped, file)).isEqualTo(expected);
            assertThat(RandomTensor.decoded(mapped)).isEqualTo(RandomTensor.decoded(made));
        }
    }

    private static float[] product(Backend backend, Tensor weight, @Nullable Path mapped)
            throws IOException {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
        Value x = recorder.input("x", COLUMNS);
        Value y = recorder.value("y", ROWS);
        recorder.linear(x, weight, Optional.empty(), Op.Activations.INT8_ROW, y);
        try (Executable executable = backend.compile(recorder.output(y).program(), 1)) {
            if (mapped != null) {
                assertThat(residentKilobytes(mapped)).isLessThan(100);
            }
            return KernelChecks.run(executable, x, y, 1, KernelChecks.gaussian(COLUMNS, 2));
        }
    }

    /** What of a mapped file counts as this process's memory. */
    private static int residentKilobytes(Path file) throws IOException {
        List<String> lines = Files.readAllLines(SMAPS);
        int at = 0;
        while (!lines.get(at).endsWith(file.toString())) {
            at++;
        }
        while (!lines.get(at).startsWith("Rss:")) {
            at++;
        }
        return Integer.parseInt(lines.get(at).replaceAll("\\D", ""));
    }
}
