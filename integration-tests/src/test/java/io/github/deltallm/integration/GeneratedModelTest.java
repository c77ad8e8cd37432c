package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.gguf.GgufFile;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Models of exact shapes with random weights run, in little more memory than their files take. */
class GeneratedModelTest {

    /** What a model may take beside its file and its cache. */
    private static final long MOST_BESIDE = 600_000_000L;

    private static final List<String> ATTENTIONS =
            List.of("dense", "delta:theta=1.0", "delta:theta=1.0,values=0.5,events=int8");

    @TempDir private Path folder;

    static List<String> backends() {
        return BitNetModels.BACKENDS;
    }

    @Test
    void theSameSeedGivesTheSameFile() {
        Path one = folder.resolve("one.gguf");
        Path same = folder.resolve("same.gguf");
        Path other = folder.resolve("other.gguf");
        GeneratedModel.SMALL_BITNET.write(one, 5);
        GeneratedModel.SMALL_BITNET.write(same, 5);
        GeneratedModel.SMALL_BITNET.write(other, 6);
        assertThat(same).hasSameBinaryContentAs(one);
        try (GgufFile file = GgufFile.open(one);
                GgufFile different = GgufFile.open(other)) {
            Tensor tensor = file.tensor("blk.1.ffn_up.weight").orElseThrow();
            Tensor twin = different.tensor("blk.1.ffn_up.weight").orElseThrow();
            assertThat(tensor.data().mismatch(twin.data())).isNotNegative();
        }
    }

    @Test
    void theTokenizerLoadsAndGivesEveryTextBack() {
        Path path = folder.resolve("small.gguf");
        GeneratedModel.SMALL_BITNET.write(path, 1);
        try (Model model =
                Model.open(path, ModelOptions.DEFAULT.withBackend("reference").withContext(8))) {
            String text = "Any text, \u00e4 \ud83d\ude00 too.";
            int[] ids = model.rawPrompt(text);
            assertThat(ids[0]).isEqualTo(2048 - 256);
            assertThat(ids).hasSizeLessThan(1 + text.getBytes(StandardCharsets.UTF_8).length);
            assertThat(model.tokenizer().decode(ids)).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aSmallOneRunsDenseAndDelta(String backend) {
        Path path = folder.resolve("small.gguf");
        GeneratedModel.SMALL_BITNET.write(path, 2);
        try (Model model = BitNetModels.open(path, backend, Precision.FAST)) {
            for (String attention : ATTENTIONS) {
                GeneratedRun.Measured run =
                        GeneratedRun.of(model, AttentionSpec.parse(attention), 96, 16);
                assertThat(run.finite()).as(attention).isTrue();
                assertThat(run.largest()).as(attention).isBetween(0.1, 100.0);
            }
        }
    }

    @Test
    @Tag("long")
    void bitNet2BHasTheTensorsOfTheOfficialFile() throws IOException {
        Path path = folder.resolve("bitnet-2b.gguf");
        GeneratedModel.BITNET_2B.write(path, 1);
        try (GgufFile file = GgufFile.open(path)) {
            Map<TensorType, Long> types =
                    file.tensors().stream()
                            .collect(Collectors.groupingBy(Tensor::type, Collectors.counting()));
            assertThat(types)
                    .isEqualTo(
                            Map.of(
                                    TensorType.I2_S,
                                    210L,
                                    TensorType.F32,
                                    121L,
                                    TensorType.F16,
                                    1L));
        }
        assertThat(Files.size(path)).isBetween(1_150_000_000L, 1_200_000_000L);
    }

    @Test
    @Tag("long")
    void bitNet2BRunsInItsFileItsCacheAnd600Mebibytes() throws Exception {
        requireBitNetOnCpu();
        runsWithin(GeneratedModel.BITNET_2B, MOST_BESIDE);
    }

    @Test
    @Tag("long")
    void llama1BRunsInItsFileItsCacheAnd600Mebibytes() throws Exception {
        runsWithin(GeneratedModel.LLAMA_1B_Q4_0, MOST_BESIDE);
    }

    /** Before a gigabyte is written: a small one tells as well whether the backend runs it. */
    private void requireBitNetOnCpu() {
        Path path = folder.resolve("small.gguf");
        GeneratedModel.SMALL_BITNET.write(path, 1);
        BitNetModels.open(path, "cpu", Precision.FAST).close();
    }

    private void runsWithin(GeneratedModel shape, long beside) throws Exception {
        if (!Files.isReadable(GeneratedRun.STATUS)) {
            abort("needs " + GeneratedRun.STATUS + " to measure memory");
        }
        Path path = folder.resolve("model.gguf");
        long file = shape.write(path, 1);
        for (String attention : List.of("dense", "delta:theta=1.0")) {
            ForkedJvm.Ended ended =
                    ForkedJvm.run(
                            List.of(
                                    "--add-modules",
                                    "jdk.incubator.vector",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    GeneratedRun.class.getName(),
                                    path.toString(),
                                    attention));
            assertThat(ended.exit()).as(ended.err()).isZero();
            GeneratedRun.Measured run = GeneratedRun.Measured.parse(ended.out());
            System.out.println(shape.architecture() + ", " + attention + ": " + run);
            assertThat(run.finite()).isTrue();
            assertThat(run.largest()).isBetween(0.1, 100.0);
            assertThat(run.memoryBytes())
                    .as("peak memory under %s", attention)
                    .isLessThanOrEqualTo(file + run.cacheBytes() + beside);
        }
    }
}
