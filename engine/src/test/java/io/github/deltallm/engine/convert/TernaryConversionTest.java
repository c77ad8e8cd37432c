package io.github.deltallm.engine.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.gguf.GgufValue;
import io.github.deltallm.engine.gguf.GgufWriter;
import io.github.deltallm.engine.gguf.TensorData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class TernaryConversionTest {
    private static final String PROJECTION = "blk.0.attn_q.weight";

    @TempDir private Path folder;

    private Path in() {
        return folder.resolve("in.gguf");
    }

    private Path out() {
        return folder.resolve("out.gguf");
    }

    /** A model of one projection. */
    private Path model(TensorType type, int rows, int columns, TensorData data) {
        model().tensor(PROJECTION, type, rows, columns, data).write(in());
        return in();
    }

    private static GgufWriter model() {
        return new GgufWriter().put("general.architecture", GgufValue.text("bitnet-b1.58"));
    }

    private ConversionResult convert(Path from, Path to, TensorType type) {
        return TernaryConversion.convert(from, to, type, new Cancellation(), (done, total) -> {});
    }

    private ConversionResult convert(TensorType type) {
        return convert(in(), out(), type);
    }

    private float[] weights() {
        try (GgufFile file = GgufFile.open(out())) {
            return Weights.decoded(file.tensor(PROJECTION).orElseThrow());
        }
    }

    private byte[] bytes(Path path, String tensor) {
        try (GgufFile file = GgufFile.open(path)) {
            return file.tensor(tensor).orElseThrow().data().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, I2_S",
        "F32, TQ1_0",
        "F32, TQ2_0",
        "F16, I2_S",
        "F16, TQ1_0",
        "BF16, TQ2_0",
        "BF16, I2_S"
    })
    void weightsThatAreTernaryAlreadyStayWhatTheyAre(TensorType from, TensorType to) {
        float[] values = Weights.ternary(3 * 512, 0.34375f, 1);
        model(from, 3, 512, Weights.floats(from, values));
        ConversionResult result = convert(to);
        assertThat(weights()).isEqualTo(positiveZeros(values));
        assertThat(result).isEqualTo(new ConversionResult(1, 0, out().toFile().length(), 0, 0));
    }

    /** There is but one ternary zero. */
    private static float[] positiveZeros(float[] values) {
        float[] same = values.clone();
        for (int i = 0; i < same.length; i++) {
            same[i] = same[i] == 0 ? 0 : same[i];
        }
        return same;
    }

    @Test
    void otherWeightsAreRoundedToTheirMeanMagnitude() {
        float[] values = Weights.normal(4 * 256, 2);
        model(TensorType.F32, 4, 256, Weights.floats(TensorType.F32, values));
        ConversionResult result = convert(TensorType.I2_S);
        double mean = 0;
        for (float value : values) {
            mean += Math.abs(value) / (double) values.length;
        }
        float[] converted = weights();
        double most = 0;
        for (int i = 0; i < values.length; i++) {
            double expected = mean * Math.clamp(Math.rint(values[i] / mean), -1, 1);
            assertThat((double) converted[i]).isCloseTo(expected, within(1e-7));
            most = Math.max(most, Math.abs((double) values[i] - converted[i]));
        }
        assertThat(result.rounded()).isEqualTo(1);
        assertThat(result.maxError()).isEqualTo(most);
    }

    @Test
    void halvesAreRoundedToEven() {
        float[] values = new float[128];
        // 64 weights of 0.5, 0.5, 1.5 and 1.5: the mean is 1.
        for (int i = 0; i < 128; i++) {
            values[i] = (i % 4 < 2 ? 0.5f : 1.5f) * (i % 2 == 0 ? 1 : -1);
        }
        model(TensorType.F32, 1, 128, Weights.floats(TensorType.F32, values));
        convert(TensorType.I2_S);
        for (int i = 0; i < 128; i++) {
            assertThat(weights()[i]).isEqualTo(i % 4 < 2 ? 0f : i % 2 == 0 ? 1f : -1f);
        }
    }

    @Test
    void goingThroughAllTypesBringsTheSameBytesBack() {
        model(
                TensorType.F32,
                5,
                768,
                Weights.floats(TensorType.F32, Weights.ternary(5 * 768, 0.125f, 3)));
        Path first = folder.resolve("first.gguf");
        Path second = folder.resolve("second.gguf");
        Path third = folder.resolve("third.gguf");
        convert(in(), first, TensorType.I2_S);
        convert(first, second, TensorType.TQ1_0);
        convert(second, third, TensorType.TQ2_0);
        ConversionResult last = convert(third, out(), TensorType.I2_S);
        assertThat(bytes(out(), PROJECTION)).isEqualTo(bytes(first, PROJECTION));
        assertThat(last.maxError()).isZero();
        assertThat(out()).hasSameBinaryContentAs(first);
    }

    @Test
    void aZeroTensorStaysZero() {
        model(TensorType.F16, 2, 256, Weights.floats(TensorType.F16, new float[512]));
        for (TensorType type : List.of(TensorType.I2_S, TensorType.TQ1_0, TensorType.TQ2_0)) {
            convert(type);
            assertThat(weights()).containsOnly(0f);
        }
    }

    @Test
    void aScaleThatF16CantHoldIsRoundedAndTheErrorTold() {
        float scale = 0.1f;
        model(
                TensorType.F32,
                1,
                256,
                Weights.floats(TensorType.F32, Weights.ternary(256, scale, 4)));
        double rounded = Float.float16ToFloat(Float.floatToFloat16(scale));
        ConversionResult result = convert(TensorType.TQ2_0);
        assertThat(result.maxError()).isEqualTo(Math.abs(rounded - scale));
        assertThat(result.scaleError()).isEqualTo(Math.abs(rounded - scale) / scale);
        assertThat(weights()).contains((float) rounded, (float) -rounded, 0f);
    }

    @ParameterizedTest
    @ValueSource(floats = {1e6f, 1e-9f})
    void aScaleBeyondF16IsRefused(float scale) {
        float[] values = Weights.ternary(256, scale, 5);
        model(TensorType.F32, 1, 256, Weights.floats(TensorType.F32, values));
        refused(UnsupportedModelException.class, TensorType.TQ1_0, "for the f16 of TQ1_0");
        convert(TensorType.I2_S);
        assertThat(weights()).isEqualTo(positiveZeros(values));
    }

    @Test
    void unequalBlockScalesStayAmongBlocksAndAreRefusedForATensor() {
        model(TensorType.TQ2_0, 1, 768, Weights.ones(0.5f, 0, 0.25f));
        convert(TensorType.TQ1_0);
        float[] weights = weights();
        assertThat(List.of(weights[0], weights[300], weights[600]))
                .containsExactly(0.5f, 0f, 0.25f);
        refused(
                UnsupportedModelException.class,
                TensorType.I2_S,
                "its blocks have different scales, 0.5 and 0.25");
    }

    @Test
    void aBlockOfScaleZeroHoldsZerosUnderTheScaleOfTheOthers() {
        model(TensorType.TQ2_0, 1, 768, Weights.ones(0, 0.25f, 0.25f));
        assertThat(convert(TensorType.I2_S).maxError()).isZero();
        assertThat(weights()[255]).isZero();
        assertThat(weights()[256]).isEqualTo(0.25f);
    }

    @ParameterizedTest
    @CsvSource({
        "300, I2_S, no whole number of I2_S blocks of 128",
        "384, TQ1_0, no whole number of TQ1_0 blocks of 256; convert to I2_S"
    })
    void columnsThatAreNoWholeBlocksAreRefusedByName(int columns, TensorType type, String reason) {
        model(TensorType.F32, 2, columns, Weights.floats(TensorType.F32, new float[2 * columns]));
        refused(UnsupportedModelException.class, type, "tensor " + PROJECTION);
        refused(UnsupportedModelException.class, type, "rows of " + columns + " weights");
        refused(UnsupportedModelException.class, type, reason);
    }

    @Test
    void rowsOfAnOddNumberOfSmallBlocksWork() {
        float[] values = Weights.ternary(3 * 384, 0.5f, 6);
        model(TensorType.F32, 3, 384, Weights.floats(TensorType.F32, values));
        convert(TensorType.I2_S);
        assertThat(weights()).isEqualTo(positiveZeros(values));
    }

    @Test
    void whatIsNoProjectionIsCopiedWithAllMetadata() {
        float[] others = Weights.normal(256, 7);
        model().put("general.alignment", GgufValue.uint32(64))
                .put("some.list", GgufValue.float32s(1, 2, Float.NaN))
                .tensor("token_embd.weight", TensorType.F16, 1, 256, f16(others))
                .tensor(PROJECTION, TensorType.F16, 1, 256, f16(Weights.ternary(256, 1, 8)))
                .tensor("blk.0.attn_norm.weight", TensorType.F32, 1, 256, f32(others))
                .tensor("blk.0.ffn_gate_exps.weight", TensorType.F16, 1, 256, f16(others))
                .tensor("output.weight", TensorType.F16, 1, 256, f16(others))
                .write(in());
        assertThat(convert(TensorType.TQ1_0).tensors()).isEqualTo(1);
        try (GgufFile before = GgufFile.open(in());
                GgufFile after = GgufFile.open(out())) {
            assertThat(after.values()).isEqualTo(before.values());
            assertThat(List.copyOf(after.values().keySet()))
                    .isEqualTo(List.copyOf(before.values().keySet()));
            assertThat(after.tensors()).hasSameSizeAs(before.tensors());
            for (int i = 0; i < after.tensors().size(); i++) {
                String name = before.tensors().get(i).name();
                assertThat(after.tensors().get(i).name()).isEqualTo(name);
                if (!name.equals(PROJECTION)) {
                    assertThat(bytes(out(), name)).isEqualTo(bytes(in(), name));
                }
            }
        }
    }

    private static TensorData f16(float[] values) {
        return Weights.floats(TensorType.F16, values);
    }

    private static TensorData f32(float... values) {
        return Weights.floats(TensorType.F32, values);
    }

    @Test
    void aSeparateScaleBecomesPartOfTheWeight() {
        float[] values = Weights.ternary(256, 1, 9);
        model().tensor(PROJECTION, TensorType.F16, 1, 256, f16(values))
                .tensor("blk.0.attn_q.scale", TensorType.F32, 1, 1, f32(0.3f))
                .write(in());
        ConversionResult result = convert(TensorType.I2_S);
        for (int i = 0; i < values.length; i++) {
            assertThat(weights()[i]).isEqualTo(values[i] == 0 ? 0f : values[i] * 0.3f);
        }
        assertThat(result.maxError()).isLessThan(1e-8);
        try (GgufFile file = GgufFile.open(out())) {
            assertThat(file.tensors()).hasSize(1);
        }
    }

    @Test
    void aSplitModelBecomesOneFile() {
        Path first = folder.resolve("m-00001-of-00002.gguf");
        Path second = folder.resolve("m-00002-of-00002.gguf");
        part(model(), 0)
                .tensor(PROJECTION, TensorType.F16, 1, 256, f16(Weights.ternary(256, 1, 10)))
                .write(first);
        part(new GgufWriter(), 1)
                .tensor("blk.0.ffn_up.weight", TensorType.F16, 1, 256, f16(new float[256]))
                .write(second);
        assertThat(convert(first, out(), TensorType.TQ2_0).tensors()).isEqualTo(2);
        try (GgufFile file = GgufFile.open(out())) {
            assertThat(file.parts()).isEqualTo(1);
            assertThat(file.values()).containsOnlyKeys("general.architecture");
        }
        assertThatThrownBy(() -> convert(first, second, TensorType.I2_S))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("in place");
    }

    private static GgufWriter part(GgufWriter writer, int number) {
        return writer.put("split.no", GgufValue.uint32(number))
                .put("split.count", GgufValue.uint32(2))
                .put("split.tensors.count", GgufValue.uint32(2));
    }

    @Test
    void theInputIsNeverReplacedWhateverItsNameIs() throws IOException {
        model(TensorType.F32, 1, 128, f32(new float[128]));
        Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), in());
        for (Path out : List.of(in(), link, folder.resolve("./in.gguf"))) {
            assertThatThrownBy(() -> convert(in(), out, TensorType.I2_S))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining("can't be converted in place");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"Q4_0", "Q8_0", "Q6_K"})
    void aProjectionOfAnotherTypeIsRefusedByName(TensorType type) {
        model(type, 1, 256, out -> out.write(new byte[(int) type.rowBytes(256)]));
        refused(
                UnsupportedModelException.class,
                TensorType.I2_S,
                "tensor " + PROJECTION + ": it is " + type);
    }

    @Test
    void aModelWithoutProjectionsIsRefused() {
        model().tensor("output.weight", TensorType.F32, 1, 128, f32(new float[128])).write(in());
        refused(UnsupportedModelException.class, TensorType.I2_S, "nothing to convert");
    }

    @Test
    void aTypeThatIsNotTernaryIsRefused() {
        model(TensorType.F32, 1, 128, f32(new float[128]));
        refused(InvalidOptionException.class, TensorType.Q4_0, "Q4_0 is not ternary");
    }

    @Test
    void damagedWeightsAreRefusedAndLeaveNothing() throws IOException {
        float[] values = new float[512];
        values[300] = Float.NaN;
        model(TensorType.F32, 2, 256, f32(values));
        refused(ModelFormatException.class, TensorType.TQ1_0, "weight 44 of row 1 is NaN");
        model(
                TensorType.I2_S,
                1,
                256,
                out -> {
                    out.write(new byte[40]);
                    out.write(new byte[] {(byte) 0b00001100});
                    out.write(new byte[55]);
                });
        refused(ModelFormatException.class, TensorType.TQ1_0, "value 200 is none of the three");
        model(TensorType.TQ2_0, 1, 256, Weights.ones(Float.POSITIVE_INFINITY));
        refused(ModelFormatException.class, TensorType.I2_S, "its scale is Infinity");
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(in());
        }
    }

    @Test
    void aCancelledConversionLeavesNothing() throws IOException {
        model(TensorType.F32, 1 << 13, 256, f32(new float[1 << 21]));
        Cancellation cancellation = new Cancellation();
        assertThatThrownBy(() ->
                        TernaryConversion.convert(
                                in(),
                                out(),
                                TensorType.I2_S,
                                cancellation,
                                (done, total) -> {
                                    assertThat(total).isEqualTo(1 << 21);
                                    cancellation.cancel();
                                }))
                .isInstanceOf(CancelledException.class);
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(in());
        }
    }

    @Test
    void aPlaceThatCantBeWrittenIsNamed() {
        model(TensorType.F32, 1, 128, f32(new float[128]));
        Path nowhere = folder.resolve("none/out.gguf");
        assertThatThrownBy(() -> convert(in(), nowhere, TensorType.I2_S))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining(nowhere + ": the file can't be written");
    }

    private void refused(Class<? extends DeltaLlmException> type, TensorType to, String reason) {
        assertThatThrownBy(() -> convert(in(), folder.resolve("refused.gguf"), to))
                .isExactlyInstanceOf(type)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
        assertThat(folder.resolve("refused.gguf")).doesNotExist();
    }
}
