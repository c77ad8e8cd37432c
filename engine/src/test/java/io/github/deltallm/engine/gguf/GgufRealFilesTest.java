package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.spi.Metadata;
import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Files that other programs wrote; the numbers are what ggml's own Python reader reports. */
class GgufRealFilesTest {
    @TempDir private Path folder;

    @Test
    void theEmbeddedModelIsRead() {
        try (GgufFile file = GgufFile.open(SharedData.embeddedModel())) {
            assertThat(file.version()).isEqualTo(3);
            assertThat(file.dataOffset()).isEqualTo(1785664);
            assertThat(file.metadata().keys()).hasSize(33);
            assertThat(file.tensors()).hasSize(272);
            assertThat(file.metadata().requireInt("llama.block_count", 1, 1000)).isEqualTo(30);
            assertThat(file.metadata().texts("tokenizer.ggml.merges").orElseThrow()).hasSize(48900);
            assertThat(file.metadata().text("tokenizer.chat_template").orElseThrow())
                    .startsWith("{% for message in messages %}")
                    .endsWith("{% endif %}");
            Map<TensorType, Integer> types = new TreeMap<>();
            file.tensors().forEach(tensor -> types.merge(tensor.type(), 1, Integer::sum));
            assertThat(types).containsOnlyKeys(TensorType.F32, TensorType.Q8_0, TensorType.Q4_1);
            assertThat(file.tensorInfos().get(2))
                    .isEqualTo(
                            new GgufTensorInfo(
                                    "blk.0.ffn_down.weight",
                                    TensorType.Q4_1,
                                    List.of(1536L, 576L),
                                    0,
                                    31868992,
                                    552960));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "stories260K-f32, 23, 47, 14240, F32, 31, 131072",
        "bitnet-stories-i2s, 24, 35, 13664, I2_S, 24, 16416",
        "bitnet-stories-tq1_0, 24, 35, 13664, TQ1_0, 24, 13824",
        "bitnet-stories-tq2_0, 24, 35, 13664, TQ2_0, 24, 16896"
    })
    void smallModelsAreRead(
            String name,
            int keys,
            int tensors,
            long dataOffset,
            TensorType type,
            int minimum,
            long firstBytes)
            throws IOException {
        Path path = SharedData.require("models/" + name + ".gguf");
        try (GgufFile file = GgufFile.open(path)) {
            assertThat(file.size()).isEqualTo(Files.size(path));
            assertThat(file.metadata().keys()).hasSize(keys);
            assertThat(file.tensors()).hasSize(tensors);
            assertThat(file.dataOffset()).isEqualTo(dataOffset);
            assertThat(file.tensorInfos().getFirst().offset()).isEqualTo(dataOffset);
            assertThat(file.tensorInfos().getFirst().bytes()).isEqualTo(firstBytes);
            assertThat(file.tensors()).extracting(Tensor::type).contains(type);
            assertThat(Exercise.read(file)).isNotZero();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-2, 16, 50257, 50000",
        "llama-bpe, 20, 128256, 280147",
        "llama-spm, 22, 32000, 0",
        "qwen2, 20, 151936, 151387"
    })
    void vocabulariesAreReadThoughTheyEndWithoutPadding(
            String name, int keys, int tokens, int merges) {
        try (GgufFile file =
                GgufFile.open(SharedData.require("tokenizers/ggml-vocab-" + name + ".gguf"))) {
            Metadata metadata = file.metadata();
            assertThat(file.size()).isLessThan(file.dataOffset());
            assertThat(metadata.keys()).hasSize(keys);
            assertThat(metadata.texts("tokenizer.ggml.tokens").orElseThrow()).hasSize(tokens);
            assertThat(metadata.texts("tokenizer.ggml.merges").orElse(List.of())).hasSize(merges);
            assertThat(metadata.integers("tokenizer.ggml.token_type").orElseThrow())
                    .hasSize(tokens);
            assertThat(Exercise.read(file)).isNotZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"stories260K-f32", "bitnet-stories-i2s"})
    void aFileCopiedByTheWriterIsTheSame(String name) {
        Path path = SharedData.require("models/" + name + ".gguf");
        Path copy = folder.resolve("copy.gguf");
        try (GgufFile file = GgufFile.open(path)) {
            GgufWriter writer = new GgufWriter().putAll(file.values());
            for (int i = 0; i < file.tensors().size(); i++) {
                GgufTensorInfo info = file.tensorInfos().get(i);
                Tensor tensor = file.tensors().get(i);
                writer.tensor(
                        info.name(), info.type(), info.dimensions(), TensorData.of(tensor.data()));
            }
            writer.write(copy);
        }
        assertThat(copy).hasSameBinaryContentAs(path);
    }
}
