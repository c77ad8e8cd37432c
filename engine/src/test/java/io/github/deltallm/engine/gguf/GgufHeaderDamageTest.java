package io.github.deltallm.engine.gguf;

import static io.github.deltallm.engine.gguf.Refusal.SLACK;
import static io.github.deltallm.engine.gguf.Refusal.damaged;
import static io.github.deltallm.engine.gguf.Refusal.unsupported;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;

/** Damage before the tensors, one test a kind: which exception, which field, which byte. */
class GgufHeaderDamageTest {
    private static final long HUGE = 1L << 60;

    @Test
    void version1IsRefusedByName() {
        unsupported(
                GgufBytes.header(1, 0, 0),
                "version",
                4,
                "GGUF version 1 is not supported; convert");
    }

    @ParameterizedTest
    @ValueSource(ints = {0x02000000, 0x03000000})
    void bigEndianIsRefusedByName(int version) {
        unsupported(GgufBytes.header(version, 0, 0), "version", 4, "big-endian");
    }

    @Test
    void aNewerVersionIsRefusedByName() {
        unsupported(GgufBytes.header(4, 0, 0), "version", 4, "GGUF version 4 is newer");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 0x12345678})
    void aVersionThatIsNoneIsDamage(int version) {
        damaged(GgufBytes.header(version, 0, 0), "version", 4, "is not a GGUF version");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, 100})
    void aTensorCountBeyondTheFileIsRefused(long count) {
        GgufBytes bytes = GgufBytes.header(3, count, 0).zeros(SLACK);
        damaged(
                bytes,
                "tensor count",
                8,
                Long.toUnsignedString(count) + " tensors do not fit the 256 bytes");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, 100})
    void aMetadataCountBeyondTheFileIsRefused(long count) {
        GgufBytes bytes = GgufBytes.header(3, 0, count).zeros(SLACK);
        damaged(
                bytes,
                "metadata count",
                16,
                Long.toUnsignedString(count) + " keys do not fit the 256 bytes");
    }

    @Test
    void countsThatNoModelHasAreRefused() {
        damaged(
                GgufBytes.header(3, (1 << 20) + 1, 0).zeros(33 << 21),
                "tensor count",
                8,
                "more than the 1048576");
        damaged(
                GgufBytes.header(3, 0, (1 << 16) + 1).zeros(14 << 17),
                "metadata count",
                16,
                "more than the 65536");
        GgufBytes array = GgufBytes.header(3, 0, 1).key("k", 9).u32(0).u64((1 << 24) + 1);
        damaged(array.zeros((1 << 24) + 1), "metadata key k", 41, "more than the 16777216");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, 300})
    void aKeyLongerThanTheFileIsRefused(long length) {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).u64(length).zeros(SLACK);
        damaged(
                bytes,
                "metadata key 1 of 1",
                24,
                Long.toUnsignedString(length) + " bytes is announced");
    }

    @Test
    void aKeyOf64KiBIsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("k".repeat(65536), 0).u8(0);
        damaged(bytes, "metadata key 1 of 1", 24, "longer than the 65535 allowed");
    }

    @Test
    void anEmptyKeyIsRefused() {
        damaged(
                GgufBytes.header(3, 0, 1).key("", 4).u64(0),
                "metadata key 1 of 1",
                24,
                "its name is empty");
    }

    @Test
    void aKeyThatIsNotUtf8IsRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 0, 1).u64(2).raw((byte) 0xc3, (byte) 0x28).u32(4).u32(0);
        damaged(bytes, "metadata key 1 of 1", 24, "its name is not valid UTF-8");
    }

    @Test
    void aKeyGivenTwiceIsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 0, 2).key("k", 4).u32(0).key("k", 4).u32(0);
        damaged(bytes, "metadata key k", 41, "given before, with its value at byte 37");
    }

    @ParameterizedTest
    @ValueSource(ints = {13, -1, 255})
    void aValueTypeThatIsNoneIsRefused(int type) {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("k", type).u64(0);
        damaged(bytes, "metadata key k", 33, "its value type is " + Integer.toUnsignedString(type));
    }

    @Test
    void aValueThatIsCutOffIsRefused() {
        damaged(
                GgufBytes.header(3, 0, 1).key("k", 10).u32(0),
                "metadata key k",
                37,
                "file ends at byte 41");
    }

    @Test
    void aBoolThatIsNeitherIsRefused() {
        damaged(
                GgufBytes.header(3, 0, 1).key("k", 7).u8(2),
                "metadata key k",
                37,
                "a bool is 0 or 1, not 2");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, Long.MIN_VALUE, 257})
    void aTextLongerThanTheFileIsRefused(long length) {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("k", 8).u64(length).zeros(SLACK);
        damaged(bytes, "metadata key k", 37, "but the file has only 256 more");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 257",
        "4, 65",
        "4, 4611686018427387904",
        "12, -1",
        "8, 33",
        "8, 1152921504606846976"
    })
    void anArrayLongerThanTheFileIsRefused(int type, long count) {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("k", 9).u32(type).u64(count).zeros(SLACK);
        damaged(bytes, "metadata key k", 41, "does not fit the 256 bytes that follow");
    }

    @Test
    void anArrayOfArraysIsRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 0, 1).key("k", 9).u32(9).u64(1).u32(9).u64(1).zeros(SLACK);
        damaged(bytes, "metadata key k", 37, "arrays of arrays are not supported");
    }

    @Test
    void anElementTypeThatIsNoneIsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("k", 9).u32(13).u64(1).zeros(SLACK);
        damaged(bytes, "metadata key k", 37, "its value type is 13");
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1, 17})
    void aStringOfAnArrayThatLeavesTheFileIsRefused(long length) {
        GgufBytes bytes =
                GgufBytes.header(3, 0, 1)
                        .key("k", 9)
                        .u32(8)
                        .u64(2)
                        .string("abc")
                        .u64(length)
                        .zeros(16);
        damaged(bytes, "metadata key k string 1", 60, "but the file has only 16 more");
    }

    @Test
    void anArrayOfStringsThatIsCutOffIsRefused() {
        GgufBytes bytes =
                GgufBytes.header(3, 0, 1)
                        .key("k", 9)
                        .u32(8)
                        .u64(3)
                        .string("abcdefgh")
                        .string("abcd");
        damaged(
                bytes,
                "metadata key k string 2",
                77,
                "8 bytes are needed here, but the file ends at byte 77");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 4, 31, 48, 1L << 31, 1L << 62})
    void anAlignmentThatIsNoneIsRefused(long alignment) {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("general.alignment", 10).u64(alignment);
        damaged(
                bytes,
                "metadata key general.alignment",
                53,
                alignment + " is not a power of two from 8");
    }

    @Test
    void anAlignmentOfAnotherTypeIsRefused() {
        GgufBytes bytes = GgufBytes.header(3, 0, 1).key("general.alignment", 8).string("32");
        damaged(
                bytes,
                "metadata key general.alignment",
                53,
                "of type string, but an integer is needed");
    }

    @Test
    void aHeaderThatIsCutOffNamesTheFieldThatIsMissing() {
        byte[] whole = GgufBytes.header(3, 0, 0).toBytes();
        damaged(
                new GgufBytes().raw(Arrays.copyOf(whole, 6)),
                "version",
                4,
                "4 bytes are needed here");
        damaged(
                new GgufBytes().raw(Arrays.copyOf(whole, 8)),
                "tensor count",
                8,
                "file ends at byte 8");
        damaged(
                new GgufBytes().raw(Arrays.copyOf(whole, 23)),
                "metadata count",
                16,
                "file ends at byte 23");
    }
}
