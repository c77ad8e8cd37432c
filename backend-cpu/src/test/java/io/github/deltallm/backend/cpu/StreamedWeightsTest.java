package io.github.deltallm.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.api.spi.Value;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Weights that are copied, and those that are not, of a program with tied embeddings. */
class StreamedWeightsTest {
    private static final int COLUMNS = 1024;

    @TempDir private Path folder = Path.of("");

    /** In two parts. */
    @Test
    void largeMappedMatrixIsCopiedOnceForAllOperations() throws IOException {
        assumeTrue(HugePages.available() > 1 << 30, "there are no huge pages to be had");
        try (Arena arena = Arena.ofShared();
                Team team = new Team(3)) {
            Tensor weight = mapped(TensorType.F16, 17_001, arena);
            StreamedWeights streamed = streamed(weight, Precision.FAST, team, arena);
            MemorySegment data = streamed.data(weight);
            assertThat(data.address()).isNotEqualTo(weight.data().address());
            assertThat(data.mismatch(weight.data())).isEqualTo(-1);
            assertThat(streamed.data(weight)).isEqualTo(data);
        }
    }

    @Test
    void smallMatrixStaysWhereItIs() throws IOException {
        requireMapped(TensorType.F16, 100, Precision.FAST);
    }

    /** A copy would only serve the rows of the embedding: products have a repacked one. */
    @Test
    void matrixThatIsRepackedIsNotCopiedToo() throws IOException {
        requireMapped(TensorType.Q6_K, 30_000, Precision.FAST);
        requireMapped(TensorType.Q8_0, 20_000, Precision.FAST);
    }

    @Test
    void nothingIsCopiedWhereWhatIsRepackedNeedsTheRoom() throws IOException {
        assumeTrue(HugePages.available() > 1 << 30, "there are no huge pages to be had");
        try (Arena arena = Arena.ofShared();
                Team team = new Team(1)) {
            Tensor plain = mapped(TensorType.F16, 9_000, arena);
            Tensor repacked = mapped(TensorType.Q4_0, 30_000, arena);
            Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
            Value x = recorder.input("x", COLUMNS);
            recorder.linear(x, plain, recorder.value("y", plain.rows()));
            Program program =
                    recorder.linear(x, repacked, recorder.value("z", repacked.rows())).program();
            long twice = 2 * plain.data().byteSize();
            WeightMemory memory = new WeightMemory(arena);
            for (long spare : new long[] {-1, 0}) {
                long available = twice + repacked.data().byteSize() + spare;
                MemorySegment data =
                        new StreamedWeights(program, Precision.FAST, team, memory, available)
                                .data(plain);
                assertThat(data.address() == plain.data().address()).isEqualTo(spare < 0);
            }
        }
    }

    private void requireMapped(TensorType type, int rows, Precision precision) throws IOException {
        try (Arena arena = Arena.ofShared();
                Team team = new Team(1)) {
            Tensor weight = mapped(type, rows, arena);
            MemorySegment data = streamed(weight, precision, team, arena).data(weight);
            assertThat(data.address()).isEqualTo(weight.data().address());
        }
    }

    private static StreamedWeights streamed(
            Tensor weight, Precision precision, Team team, Arena arena) {
        Program.Recorder recorder = Program.record(new HeadShape(1, 1, 1, 16));
        Value stream = recorder.value("stream", COLUMNS);
        recorder.embed(weight, stream);
        Program program = recorder.logits(stream, weight).program();
        return new StreamedWeights(program, precision, team, new WeightMemory(arena), 1L << 40);
    }

    private Tensor mapped(TensorType type, int rows, Arena arena) throws IOException {
        Tensor random = RandomTensor.of("weight", type, rows, COLUMNS, 7);
        Path file = folder.resolve(type + "-" + rows);
        Files.write(file, random.data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment data =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new Tensor("weight", type, rows, COLUMNS, data);
        }
    }
}
