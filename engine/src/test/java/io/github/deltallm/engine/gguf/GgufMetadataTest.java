package io.github.deltallm.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Metadata;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** How values are read by type, and what is said when they are of another. */
class GgufMetadataTest {
    private static Metadata one(GgufBytes bytes) {
        return bytes.open().metadata();
    }

    private static GgufBytes key(int type) {
        return GgufBytes.header(3, 0, 1).key("k", type);
    }

    private static GgufBytes array(int type, long count) {
        return key(9).u32(type).u64(count);
    }

    // The header has 24 bytes, the key's length and name 9, its type 4.
    private static final String AT_VALUE = "made.gguf: metadata key k at byte 37: ";

    private static void fails(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isExactlyInstanceOf(ModelFormatException.class)
                .hasMessage(message);
    }

    @Test
    void anAbsentKeyIsEmptyForEveryType() {
        Metadata metadata = one(key(7).u8(0));
        assertThat(metadata.text("x")).isEmpty();
        assertThat(metadata.integer("x")).isEmpty();
        assertThat(metadata.real("x")).isEmpty();
        assertThat(metadata.bool("x")).isEmpty();
        assertThat(metadata.texts("x")).isEmpty();
        assertThat(metadata.integers("x")).isEmpty();
        assertThat(metadata.reals("x")).isEmpty();
        assertThat(metadata.keys()).containsExactly("k");
        assertThat(metadata.source()).isEqualTo("made.gguf");
    }

    @Test
    void aWrongTypeIsNamedWithWhatIsNeeded() {
        Metadata metadata = one(key(4).u32(1));
        fails(
                () -> metadata.text("k"),
                AT_VALUE + "the value is of type uint32, but a string is needed");
        fails(
                () -> metadata.bool("k"),
                AT_VALUE + "the value is of type uint32, but a bool is needed");
        fails(
                () -> metadata.texts("k"),
                AT_VALUE + "the value is of type uint32, but an array of strings is needed");
        fails(
                () -> metadata.reals("k"),
                AT_VALUE + "the value is of type uint32, but an array of floats is needed");
        fails(
                () -> metadata.integers("k"),
                AT_VALUE + "the value is of type uint32, but an array of integers is needed");
    }

    @Test
    void anArrayIsNoScalar() {
        Metadata metadata = one(array(5, 1).u32(1));
        fails(
                () -> metadata.integer("k"),
                AT_VALUE + "the value is an array of int32, but an integer is needed");
        fails(
                () -> metadata.real("k"),
                AT_VALUE + "the value is an array of int32, but a number is needed");
        fails(
                () -> metadata.texts("k"),
                AT_VALUE + "the value is an array of int32, but an array of strings is needed");
    }

    @Test
    void anUnsignedNumberBeyondLongIsNoInteger() {
        Metadata metadata = one(key(10).u64(-1));
        fails(
                () -> metadata.integer("k"),
                AT_VALUE + "18446744073709551615 does not fit a signed 64-bit integer");
        assertThat(metadata.real("k")).contains(0x1p64);
    }

    @Test
    void anIntegerIsAcceptedAsARealButNotTheOtherWay() {
        assertThat(one(key(5).u32(-3)).real("k")).contains(-3.0);
        assertThatThrownBy(() -> one(key(6).f32(1)).integer("k"))
                .hasMessage(AT_VALUE + "the value is of type float32, but an integer is needed");
    }

    @Test
    void anElementThatDoesNotFitIsNamedByItsPlace() {
        Metadata metadata = one(array(4, 2).u32(1).u32(-1));
        fails(
                () -> metadata.integers("k"),
                "made.gguf: metadata key k element 1 at byte 53: "
                        + "4294967295 does not fit a signed 32-bit integer");
        Metadata wide = one(array(12, 1).f64(1e300));
        fails(
                () -> wide.reals("k"),
                "made.gguf: metadata key k element 0 at byte 49: "
                        + "1.0E300 does not fit a 32-bit float");
    }

    @Test
    void boolsReadAsZeroAndOne() {
        assertThat(one(array(7, 3).u8(1).u8(0).u8(1)).integers("k"))
                .hasValueSatisfying(bools -> assertThat(bools).containsExactly(1, 0, 1));
        Metadata metadata = one(array(7, 3).u8(1).u8(2).u8(1));
        fails(
                () -> metadata.integers("k"),
                "made.gguf: metadata key k element 1 at byte 50: "
                        + "a bool is 0 or 1, not 2; the file is damaged");
    }

    @Test
    void realsOfBothWidthsAreRead() {
        assertThat(one(array(6, 2).f32(1.5f).f32(Float.NEGATIVE_INFINITY)).reals("k"))
                .hasValueSatisfying(
                        a -> assertThat(a).containsExactly(1.5f, Float.NEGATIVE_INFINITY));
        assertThat(one(array(12, 1).f64(0.25)).reals("k"))
                .hasValueSatisfying(a -> assertThat(a).containsExactly(0.25f));
    }

    @Test
    void stringsReadTheSameByIndexAndByIteration() {
        List<String> expected =
                IntStream.range(0, 1000).mapToObj(i -> "token".repeat(i % 7) + i).toList();
        GgufBytes bytes = array(8, expected.size());
        expected.forEach(bytes::string);
        List<String> texts = one(bytes).texts("k").orElseThrow();
        assertThat(texts).isEqualTo(expected);
        assertThat(IntStream.range(0, texts.size()).mapToObj(texts::get)).isEqualTo(expected);
        assertThat(new ArrayList<>(texts)).isEqualTo(expected);
        assertThatThrownBy(() -> texts.get(1000)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> texts.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void malformedUtf8InAValueIsReplacedAndItsBytesAreKept() {
        byte[] broken = {'a', (byte) 0xff, 'b'};
        GgufFile file = array(8, 1).u64(3).raw(broken).open();
        assertThat(file.metadata().texts("k")).contains(List.of("a\ufffdb"));
        assertThat(((GgufArray) file.values().get("k")).texts().getFirst().bytes())
                .isEqualTo(broken);
    }

    @Test
    void emptyStringsAndArraysAreFine() {
        assertThat(one(key(8).string("")).text("k")).contains("");
        assertThat(one(array(8, 0)).texts("k")).contains(List.of());
        assertThat(one(array(4, 0)).integers("k")).hasValueSatisfying(a -> assertThat(a).isEmpty());
    }

    @Test
    void longValuesAreShownShort() {
        assertThat(GgufValue.texts(List.of("a", "b\n", "c", "d")).display())
                .isEqualTo("[4 strings] \"a\", \"b\\n\", \"c\", ...");
        assertThat(GgufValue.text("x".repeat(61)).display())
                .isEqualTo('"' + "x".repeat(60) + "\"...");
        assertThat(GgufValue.text("\ud83d\ude00".repeat(60)).display())
                .isEqualTo('"' + "\ud83d\ude00".repeat(60) + '"');
        assertThat(GgufValue.text("\ud83d\ude00".repeat(61)).display()).endsWith("\"...");
        assertThat(GgufValue.text("a\u001b[0m\u2028").display())
                .isEqualTo("\"a\\u{1b}[0m\\u{2028}\"");
        assertThat(GgufValue.int32s().display()).isEqualTo("[0 int32s]");
        assertThat(GgufValue.float32s(0.1f).display()).isEqualTo("[1 float32] 0.1");
        assertThat(GgufArray.ofIntegers(GgufType.BOOL, 1, 0).display())
                .isEqualTo("[2 bools] true, false");
    }

    @Test
    void aValueThatItsTypeCannotHoldIsRefused() {
        assertThatThrownBy(() -> GgufValue.uint32(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GgufValue.uint32(1L << 32))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GgufValue.Int(GgufType.INT8, 128))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GgufValue.Int(GgufType.BOOL, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GgufValue.Real(GgufType.INT8, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GgufArray.ofIntegers(GgufType.BOOL, 300))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
