package io.github.deltallm.engine.gguf;

import static io.github.deltallm.engine.gguf.Refusal.SLACK;
import static io.github.deltallm.engine.gguf.Refusal.damaged;
import static io.github.deltallm.engine.gguf.Refusal.unsupported;

import io.github.deltallm.api.spi.TensorType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.Stream;

/** Damage to the tensors' names, shapes, types and places, one test a kind. */
class GgufTensorDamageTest {
    private static final int F32 = TensorType.F32.id();

    @Test
    void aTensorWithoutANameIsRefused() {
        damaged(tensor("", F32, 0, 1), "tensor 1 of 1", 24, "its name is empty");
    }

    @Test
    void aTensorNameThatIsNotUtf8IsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 1, 0).u64(1).raw((byte) 0x80).zeros(SLACK);
        damaged(bytes, "tensor 1 of 1", 24, "its name is not valid UTF-8");
    }

    @Test
    void aTensorNameIsShownOnOneShortLine() {
        damaged(tensor("a\nb", F32, 0, 0), "tensor a\\nb", 39, "no size");
        damaged(
                tensor("n".repeat(65536), F32, 0, 0),
                "tensor " + "n".repeat(100) + "...",
                65572,
                "no size");
        damaged(tensor("n".repeat(65537), F32, 0, 0), "tensor 1 of 1", 24, "longer than the 65536");
    }

    @Test
    void aTensorGivenTwiceIsRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 2, 0)
                        .tensor("t", F32, 0, 1)
                        .tensor("t", F32, 32, 1)
                        .zeros(SLACK);
        damaged(bytes, "tensor t", 57, "a tensor of this name came before");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, -1, 1 << 30})
    void aNumberOfDimensionsThatIsNoneIsRefused(int count) {
        GgufBytes bytes = GgufBytes.header(3, 1, 0).string("t").u32(count).zeros(SLACK);
        damaged(
                bytes,
                "tensor t",
                33,
                Integer.toUnsignedString(count) + " dimensions are not from 1 to 4");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void aDimensionThatIsNoneIsRefused(long dimension) {
        damaged(tensor("t", F32, 0, 4, dimension), "tensor t", 45, "dimension 2 is ");
    }

    static Stream<Arguments> shapesBeyondAddressing() {
        return Stream.of(
                Arguments.of(new long[] {1L << 31}, "columns"),
                Arguments.of(new long[] {1, 1L << 31}, "rows"),
                Arguments.of(new long[] {1, 1 << 16, 1 << 16}, "rows"),
                Arguments.of(
                        new long[] {1, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE}, "rows"),
                Arguments.of(new long[] {1, 1L << 32, 1L << 32}, "rows"),
                Arguments.of(new long[] {Integer.MAX_VALUE, Integer.MAX_VALUE}, "bytes"));
    }

    @ParameterizedTest
    @MethodSource("shapesBeyondAddressing")
    void aShapeBeyondAddressingIsRefused(long[] dimensions, String what) {
        damaged(
                tensor("t", F32, 0, dimensions),
                "tensor t",
                33,
                "has more " + what + " than can be addressed");
    }

    @Test
    void aRowThatIsNotWholeBlocksIsRefused() {
        damaged(
                tensor("t", TensorType.Q4_K.id(), 0, 128, 2),
                "tensor t",
                33,
                "a row of 128 values is not a whole number of Q4_K blocks of 256");
    }

    @Test
    void aTernaryRowThatIsNotWholeBlocksIsNotSupported() {
        unsupported(
                tensor("t", TensorType.I2_S.id(), 0, 8640, 2),
                "tensor t",
                33,
                "a row of 8640 values is not a whole number of I2_S blocks of 128, which is not"
                        + " supported; use a file of the model in another type");
    }

    @ParameterizedTest
    @CsvSource({
        "20, IQ4_NL",
        "23, IQ4_XS",
        "39, MXFP4",
        "19, IQ1_S",
        "15, Q8_K",
        "31, Q4_0_4_4",
        "40, NVFP4",
        "77, type 77",
        "-1, type 4294967295"
    })
    void aTensorTypeThatIsNotDecodedIsNamed(int type, String name) {
        unsupported(
                tensor("blk.0.attn_q.weight", type, 0, 256),
                "tensor blk.0.attn_q.weight",
                63,
                "its type "
                        + name
                        + (type == 39 ? " (in files of bitnet.cpp: TL2)" : "")
                        + " is not supported; quantise the model again to one of F32, F16, Q4_0");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 16, 33, -32})
    void anOffsetThatIsNotAlignedIsRefused(long offset) {
        String expected = offset < 0 ? "18446744073709551584" : Long.toString(offset);
        damaged(
                tensor("t", F32, offset, 4),
                "tensor t",
                49,
                "offset " + expected + " is not a multiple");
    }

    @ParameterizedTest
    @ValueSource(longs = {32, 1L << 40, Long.MAX_VALUE - 31})
    void aTensorThatLeavesTheFileIsRefused(long offset) {
        GgufBytes bytes =
                GgufBytes.header(3, 1, 0).tensor("t", F32, offset, 8).pad(32).zeros(32 + 31);
        damaged(bytes, "tensor t", 49, "its 32 bytes at offset " + offset + " of the tensor data");
    }

    @Test
    void aTensorOfAFileWithoutDataIsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 1, 0).tensor("t", F32, 0, 1);
        damaged(bytes, "tensor t", 49, "end beyond the file's 57 bytes");
    }

    @Test
    void tensorsThatOverlapAreRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 3, 0)
                        .tensor("a", F32, 32, 9)
                        .tensor("b", F32, 64, 1)
                        .tensor("c", F32, 0, 8)
                        .pad(32)
                        .zeros(SLACK);
        damaged(
                bytes,
                "tensor b",
                82,
                "its offset 64 lies inside tensor a, which takes 36 bytes from offset 32");
    }

    @Test
    void tensorsThatShareTheirPlaceAreRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 2, 0)
                        .tensor("a", F32, 0, 8)
                        .tensor("b", F32, 0, 8)
                        .pad(32)
                        .zeros(SLACK);
        damaged(bytes, "tensor b", 82, "its offset 0 lies inside tensor a");
    }

    private static GgufBytes tensor(String name, int type, long offset, long... dimensions) {
        return GgufBytes.header(3, 1, 0).tensor(name, type, offset, dimensions).zeros(SLACK);
    }
}
