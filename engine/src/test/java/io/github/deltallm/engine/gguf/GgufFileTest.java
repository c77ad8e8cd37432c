package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.github.deltallm.api.spi.Tensor;
import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Good files, laid out by hand. */
class GgufFileTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void bothVersionsHaveOneLayout(int version) {
        GgufBytes bytes = GgufBytes.header(version, 0, 1).key("a", 4).u32(7);
        try (GgufFile file = bytes.open()) {
            assertThat(file.version()).isEqualTo(version);
            assertThat(file.metadata().integer("a")).contains(7L);
        }
    }

    @Test
    void eachOfTheThirteenTypesIsRead() {
        GgufBytes bytes =
                GgufBytes.header(3, 0, 13)
                        .key("u8", 0)
                        .u8(200)
                        .key("i8", 1)
                        .u8(-100)
                        .key("u16", 2)
                        .u16(60_000)
                        .key("i16", 3)
                        .u16(-30_000)
                        .key("u32", 4)
                        .u32(-2)
                        .key("i32", 5)
                        .u32(-2)
                        .key("f32", 6)
                        .f32(1.5f)
                        .key("bool", 7)
                        .u8(1)
                        .key("string", 8)
                        .string("h\u00e9")
                        .key("array", 9)
                        .u32(3)
                        .u64(2)
                        .u16(-1)
                        .u16(5)
                        .key("u64", 10)
                        .u64(1L << 40)
                        .key("i64", 11)
                        .u64(Long.MIN_VALUE)
                        .key("f64", 12)
                        .f64(Math.PI);
        try (GgufFile file = bytes.open()) {
            assertThat(file.values().values())
                    .extracting(GgufValue::type)
                    .containsExactly(GgufType.values());
            assertThat(file.values().values())
                    .extracting(GgufValue::display)
                    .containsExactly(
                            "200",
                            "-100",
                            "60000",
                            "-30000",
                            "4294967294",
                            "-2",
                            "1.5",
                            "true",
                            "\"h\u00e9\"",
                            "[2 int16s] -1, 5",
                            "1099511627776",
                            "-9223372036854775808",
                            "3.141592653589793");
            assertThat(file.metadata().real("f64")).contains(Math.PI);
            assertThat(file.metadata().bool("bool")).contains(true);
            assertThat(file.metadata().text("string")).contains("h\u00e9");
            assertThat(file.metadata().integers("array"))
                    .hasValueSatisfying(a -> assertThat(a).containsExactly(-1, 5));
        }
    }

    @Test
    void tensorsLieWhereTheHeaderSays() {
        GgufBytes bytes =
                GgufBytes.header(3, 3, 0)
                        .tensor("vector", TensorType.F32.id(), 64, 5)
                        .tensor("matrix", TensorType.Q8_0.id(), 0, 32, 1)
                        .tensor("cube", TensorType.F16.id(), 96, 2, 3, 4, 1)
                        .pad(32);
        int start = bytes.size();
        bytes.raw(filled(34, 1)).pad(32).raw(filled(20, 2)).pad(32).raw(filled(48, 3));
        try (GgufFile file = GgufFile.open(bytes.in(folder, "m.gguf"))) {
            assertThat(file.dataOffset()).isEqualTo(start);
            assertThat(file.tensors())
                    .extracting(Tensor::name)
                    .containsExactly("vector", "matrix", "cube");
            assertThat(file.tensors()).extracting(Tensor::rows).containsExactly(1, 1, 12);
            assertThat(file.tensors()).extracting(Tensor::columns).containsExactly(5, 32, 2);
            assertThat(bytesOf(file.tensor("vector").orElseThrow())).containsOnly(2).hasSize(20);
            assertThat(bytesOf(file.tensor("matrix").orElseThrow())).containsOnly(1).hasSize(34);
            assertThat(bytesOf(file.tensor("cube").orElseThrow())).containsOnly(3).hasSize(48);
            assertThat(file.tensorInfos().get(2))
                    .isEqualTo(
                            new GgufTensorInfo(
                                    "cube",
                                    TensorType.F16,
                                    List.of(2L, 3L, 4L, 1L),
                                    0,
                                    start + 96,
                                    48));
            assertThat(file.tensor("none")).isEmpty();
            assertThat(file.requireTensor("vector", 1, 5).data().isReadOnly()).isTrue();
        }
    }

    @Test
    void theAlignmentIsWhatTheMetadataSays() {
        GgufBytes bytes =
                GgufBytes.header(3, 1, 1)
                        .key("general.alignment", 4)
                        .u32(256)
                        .tensor("t", TensorType.F32.id(), 256, 1)
                        .pad(256)
                        .zeros(256)
                        .f32(2.5f);
        try (GgufFile file = bytes.open()) {
            assertThat(file.alignment()).isEqualTo(256);
            assertThat(file.dataOffset()).isEqualTo(256);
            assertThat(file.tensors().getFirst().data().get(LittleEndian.FLOAT, 0)).isEqualTo(2.5f);
        }
    }

    @Test
    void aFileOfNothingButAVocabularyNeedsNoPadding() {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("tokens", 9).u32(8).u64(1).string("a");
        try (GgufFile file = bytes.open()) {
            assertThat(file.size()).isLessThan(file.dataOffset());
            assertThat(file.tensors()).isEmpty();
        }
    }

    @Test
    void theLastTensorNeedsNoPadding() {
        try (GgufFile file = GgufBytes.small().open()) {
            assertThat(file.size() % file.alignment()).isNotZero();
        }
    }

    @Test
    void theChecksumIsThatOfTheFile() throws Exception {
        GgufBytes bytes = GgufBytes.small();
        String expected =
                HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toBytes()));
        try (GgufFile file = GgufFile.open(bytes.in(folder, "m.gguf"))) {
            assertThat(file.sha256()).isEqualTo(expected).isEqualTo(file.sha256());
            assertThat(file.size()).isEqualTo(bytes.size());
            assertThat(file.parts()).isEqualTo(1);
            assertThat(file.name())
                    .isEqualTo(folder.resolve("m.gguf").toString())
                    .isEqualTo(file.toString());
        }
    }

    @Test
    void aClosedFileIsNotTouchedAgain() {
        GgufFile file = GgufFile.open(GgufBytes.small().in(folder, "m.gguf"));
        Tensor tensor = file.tensors().getFirst();
        List<String> tokens = file.metadata().texts("tokenizer.ggml.tokens").orElseThrow();
        file.close();
        file.close();
        assertThatThrownBy(() -> tensor.data().get(JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tokens.get(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void everythingGivenOutIsImmutable() {
        try (GgufFile file = GgufBytes.small().open()) {
            List<String> tokens = file.metadata().texts("tokenizer.ggml.tokens").orElseThrow();
            assertThatThrownBy(() -> tokens.set(0, "x"))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> file.tensors().clear())
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> file.tensorInfos().clear())
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> file.values().clear())
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> file.metadata().keys().clear())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    private static byte[] filled(int count, int value) {
        byte[] bytes = new byte[count];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static byte[] bytesOf(Tensor tensor) {
        return tensor.data().toArray(JAVA_BYTE);
    }
}
