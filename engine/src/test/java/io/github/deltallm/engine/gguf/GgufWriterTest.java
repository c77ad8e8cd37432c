package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class GgufWriterTest {
    private static final TensorData ONE = out -> out.write(new byte[4]);

    @TempDir private Path folder;

    private Path target() {
        return folder.resolve("out.gguf");
    }

    private List<Path> left() throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void itsBytesAreThoseOfTheSpecification() throws IOException {
        long bytes =
                new GgufWriter()
                        .put("general.architecture", GgufValue.text("llama"))
                        .put("tokenizer.ggml.tokens", GgufValue.texts(List.of("<s>", "a", "bc")))
                        .tensor("a.weight", TensorType.F32, 2, 4, out -> out.write(new byte[32]))
                        .tensor("b.weight", TensorType.Q8_0, 1, 32, out -> out.write(new byte[34]))
                        .write(target());
        // The writer pads behind the last tensor too.
        assertThat(Files.readAllBytes(target())).isEqualTo(GgufBytes.small().pad(32).toBytes());
        assertThat(bytes).isEqualTo(Files.size(target()));
        assertThat(left()).containsExactly(target());
    }

    @Test
    void everyValueComesBackAsItWas() {
        GgufWriter writer =
                new GgufWriter()
                        .put("u8", new GgufValue.Int(GgufType.UINT8, 255))
                        .put("i8", new GgufValue.Int(GgufType.INT8, -128))
                        .put("u16", new GgufValue.Int(GgufType.UINT16, 65535))
                        .put("i16", new GgufValue.Int(GgufType.INT16, -32768))
                        .put("u32", GgufValue.uint32(0xffffffffL))
                        .put("i32", new GgufValue.Int(GgufType.INT32, Integer.MIN_VALUE))
                        .put("u64", new GgufValue.Int(GgufType.UINT64, -1))
                        .put("i64", new GgufValue.Int(GgufType.INT64, Long.MIN_VALUE))
                        .put("f32", GgufValue.float32(0.1f))
                        .put("f64", new GgufValue.Real(GgufType.FLOAT64, 0.1))
                        .put("bool", GgufValue.bool(true))
                        .put("text", GgufValue.text("\u0120\ud83d\ude00"))
                        .put("texts", GgufValue.texts(List.of("", "a", "\u0120b")))
                        .put("int32s", GgufValue.int32s(1, -1, Integer.MAX_VALUE))
                        .put("float32s", GgufValue.float32s(1, Float.NaN))
                        .put("bools", GgufArray.ofIntegers(GgufType.BOOL, 1, 0, 1))
                        .put("u16s", GgufArray.ofIntegers(GgufType.UINT16, 65535));
        writer.write(target());
        Path copy = folder.resolve("copy.gguf");
        try (GgufFile file = GgufFile.open(target())) {
            assertThat(file.version()).isEqualTo(3);
            assertThat(file.values().get("u32")).isEqualTo(GgufValue.uint32(0xffffffffL));
            assertThat(file.values().get("texts"))
                    .isEqualTo(GgufValue.texts(List.of("", "a", "\u0120b")));
            assertThat(file.metadata().texts("texts")).contains(List.of("", "a", "\u0120b"));
            assertThat(file.metadata().integers("u16s"))
                    .hasValueSatisfying(a -> assertThat(a).containsExactly(65535));
            assertThat(file.metadata().reals("float32s"))
                    .hasValueSatisfying(a -> assertThat(a).containsExactly(1, Float.NaN));
            new GgufWriter().putAll(file.values()).write(copy);
        }
        assertThat(copy).hasSameBinaryContentAs(target());
    }

    @ParameterizedTest
    @EnumSource(TensorType.class)
    void aTensorOfEachTypeComesBack(TensorType type) {
        byte[] data = new byte[(int) type.tensorBytes(3, 512)];
        new java.util.Random(type.id()).nextBytes(data);
        new GgufWriter()
                .tensor("before", TensorType.F32, 1, 1, ONE)
                .tensor("t", type, 3, 512, TensorData.of(MemorySegment.ofArray(data)))
                .tensor("after", TensorType.F32, 1, 1, ONE)
                .write(target());
        try (GgufFile file = GgufFile.open(target())) {
            assertThat(file.requireTensor("t", 3, 512).data().mismatch(MemorySegment.ofArray(data)))
                    .isEqualTo(-1);
            assertThat(file.tensorInfos()).allMatch(info -> info.offset() % 32 == 0);
        }
    }

    @Test
    void theAlignmentFollowsTheMetadata() {
        new GgufWriter()
                .put("general.alignment", GgufValue.uint32(1024))
                .tensor("a", TensorType.F32, List.of(1L, 1L, 1L, 1L), ONE)
                .tensor("b", TensorType.F32, 1, 1, ONE)
                .write(target());
        try (GgufFile file = GgufFile.open(target())) {
            assertThat(file.alignment()).isEqualTo(1024);
            assertThat(file.tensorInfos())
                    .extracting(GgufTensorInfo::offset)
                    .containsExactly(1024L, 2048L);
            assertThat(file.tensorInfos().getFirst().dimensions()).containsExactly(1L, 1L, 1L, 1L);
        }
    }

    @Test
    void anAlignmentThatIsNoneIsRefused() {
        GgufWriter writer = new GgufWriter().put("general.alignment", GgufValue.uint32(3));
        assertThatThrownBy(() -> writer.write(target())).isInstanceOf(ModelFormatException.class);
    }

    @Test
    void aFailureLeavesTheTargetAsItWas() throws IOException {
        Files.writeString(target(), "precious");
        GgufWriter writer =
                new GgufWriter()
                        .tensor(
                                "t",
                                TensorType.F32,
                                1,
                                1,
                                out -> {
                                    out.write(1);
                                    throw new IOException("No space left on device");
                                });
        assertThatThrownBy(() -> writer.write(target()))
                .isExactlyInstanceOf(DeltaLlmException.class)
                .hasMessage(target() + ": the file can't be written: No space left on device");
        assertThat(target()).hasContent("precious");
        assertThat(left()).containsExactly(target());
    }

    @Test
    void aProducerThatBreaksLeavesNothing() throws IOException {
        GgufWriter writer =
                new GgufWriter()
                        .tensor(
                                "t",
                                TensorType.F32,
                                1,
                                1,
                                out -> {
                                    throw new UnsupportedOperationException("broken");
                                });
        assertThatThrownBy(() -> writer.write(target()))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(left()).isEmpty();
    }

    @Test
    void aProducerOfTheWrongLengthIsNamed() throws IOException {
        GgufWriter writer = new GgufWriter().tensor("t", TensorType.F32, 1, 2, ONE);
        assertThatThrownBy(() -> writer.write(target()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the tensor t takes 8 bytes, but 4 were written");
        assertThat(left()).isEmpty();
    }

    @Test
    void aProducerCannotCloseTheFile() {
        new GgufWriter()
                .tensor(
                        "a",
                        TensorType.F32,
                        1,
                        1,
                        out -> {
                            try (out) {
                                out.write(new byte[4]);
                            }
                        })
                .tensor("b", TensorType.F32, 1, 1, ONE)
                .write(target());
        try (GgufFile file = GgufFile.open(target())) {
            assertThat(file.tensors()).hasSize(2);
        }
    }

    @Test
    void aTargetThatCannotBeIsNamed() {
        Path nowhere = folder.resolve("none/out.gguf");
        assertThatThrownBy(() -> new GgufWriter().write(nowhere))
                .isExactlyInstanceOf(DeltaLlmException.class)
                .hasMessage(
                        nowhere
                                + ": the file can't be written: its directory does not exist; make"
                                + " it first");
        assertThatThrownBy(() -> new GgufWriter().write(folder))
                .isExactlyInstanceOf(DeltaLlmException.class)
                .hasMessage(folder + ": the file can't be written, for this is a directory");
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path link =
                Files.createSymbolicLink(
                        folder.resolve("link.gguf"), Files.writeString(target(), "old"));
        new GgufWriter().write(link);
        assertThat(link).isSymbolicLink();
        assertThat(Files.size(target())).isEqualTo(32);
    }

    @Test
    void theNewFileReplacesOneThatIsOpen() {
        new GgufWriter().put("k", GgufValue.text("old")).write(target());
        try (GgufFile old = GgufFile.open(target())) {
            new GgufWriter().put("k", GgufValue.text("new")).write(target());
            assertThat(old.metadata().text("k")).contains("old");
            try (GgufFile replaced = GgufFile.open(target())) {
                assertThat(replaced.metadata().text("k")).contains("new");
            }
        }
    }

    @Test
    void whatNoFileCanHoldIsRefusedAtOnce() {
        GgufWriter writer =
                new GgufWriter()
                        .put("k", GgufValue.uint32(1))
                        .tensor("t", TensorType.F32, 1, 1, ONE);
        refused(() -> writer.put("k", GgufValue.uint32(1)), "the metadata key k was given before");
        refused(() -> writer.put("", GgufValue.uint32(1)), "a metadata key is empty");
        refused(
                () -> writer.tensor("t", TensorType.F32, 1, 1, ONE),
                "the tensor t was given before");
        refused(() -> writer.tensor("", TensorType.F32, 1, 1, ONE), "a tensor's name is empty");
        refused(
                () -> writer.tensor("u", TensorType.F32, 0, 1, ONE),
                "the tensor u can't have the shape [1, 0]");
        refused(
                () -> writer.tensor("v", TensorType.F32, List.of(), ONE),
                "the tensor v can't have the shape []");
        refused(
                () -> writer.tensor("w", TensorType.F32, List.of(1L, 1L, 1L, 1L, 1L), ONE),
                "can't have the shape");
        refused(
                () -> writer.tensor("x", TensorType.Q4_0, 1, 31, ONE),
                "not a whole number of Q4_0 blocks");
    }

    private static void refused(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}
