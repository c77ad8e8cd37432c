package io.github.deltallm.models.bitnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelDefinition;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.testsupport.FakeModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.stream.Stream;

class BitNetFamilyTest {
    @Test
    void recordsTheOperationsOfEveryLayerInOrder() {
        ModelDefinition model = define(TinyBitNet.model());
        assertThat(model.program().heads()).isEqualTo(new HeadShape(2, 4, 2, 32));
        assertThat(model.vocabulary()).isEqualTo(5);
        assertThat(model.contextLength()).isEqualTo(64);
        List<String> layer =
                List.of(
                        "RmsNorm",
                        "Linear",
                        "Linear",
                        "Linear",
                        "Rope",
                        "Rope",
                        "Attention",
                        "RmsNorm",
                        "Linear",
                        "Add",
                        "RmsNorm",
                        "Linear",
                        "Linear",
                        "Gate",
                        "RmsNorm",
                        "Linear",
                        "Add");
        assertThat(model.program().ops().stream().map(op -> op.getClass().getSimpleName()))
                .startsWith("Embed")
                .containsSubsequence(layer)
                .endsWith("RmsNorm", "Logits")
                .hasSize(1 + 2 * layer.size() + 2);
    }

    @Test
    void subNormsStandBeforeTheOutputProjectionsAndReadWhatCameBefore() {
        ModelDefinition model = define(TinyBitNet.model());
        List<Op> ops = model.program().ops();
        for (int at = 0; at < ops.size(); at++) {
            if (ops.get(at) instanceof Op.Linear linear
                    && (linear.weight().name().endsWith("attn_output.weight")
                            || linear.weight().name().endsWith("ffn_down.weight"))) {
                Op.RmsNorm norm = (Op.RmsNorm) ops.get(at - 1);
                assertThat(norm.weight().name()).contains("sub_norm");
                assertThat(norm.out()).isEqualTo(linear.in());
                assertThat(norm.in())
                        .isEqualTo(
                                switch (ops.get(at - 2)) {
                                    case Op.Attention attention -> attention.out();
                                    case Op.Gate gate -> gate.out();
                                    default -> null;
                                });
            }
        }
    }

    @Test
    void allSevenProjectionsRoundActivationsToBytes() {
        assertThat(linears(define(TinyBitNet.model())))
                .hasSize(14)
                .allMatch(linear -> linear.activations() == Op.Activations.INT8_ROW);
    }

    @ParameterizedTest
    @CsvSource({"bitnet-b1.58, SQUARED_RELU", "bitnet-25, SQUARED_RELU", "bitnet, SILU"})
    void theArchitectureSaysWhatTheGateIs(String architecture, Op.GateFunction function) {
        ModelDefinition model = define(TinyBitNet.model().as(architecture));
        assertThat(model.architecture()).isEqualTo(architecture);
        assertThat(model.program().ops().stream().filter(Op.Gate.class::isInstance))
                .hasSize(2)
                .allMatch(op -> ((Op.Gate) op).function() == function);
    }

    @Test
    void rotationsPairHalves() {
        RotaryEmbedding rope =
                rope(define(TinyBitNet.model().set("bitnet-b1.58.rope.freq_base", 500_000.0)));
        assertThat(rope.pairing()).isEqualTo(RotaryEmbedding.Pairing.HALVES);
        assertThat(rope.dimensions()).isEqualTo(32);
        assertThat(rope.frequencies()[1]).isCloseTo(Math.pow(500_000, -1.0 / 16), within(1e-12));
    }

    @Test
    void theOutputIsTiedToTheEmbeddingUnlessTheFileHasItsOwn() {
        assertThat(logits(define(TinyBitNet.model())).weight().name())
                .isEqualTo("token_embd.weight");
        FakeModel untied = TinyBitNet.model().tensor("output.weight", TensorType.F16, 5, 128);
        assertThat(logits(define(untied)).weight().name()).isEqualTo("output.weight");
    }

    @Test
    void biasesAreUsedWhereTheFileHasThem() {
        FakeModel biased = TinyBitNet.model().tensor("blk.1.attn_q.bias", TensorType.F32, 1, 128);
        assertThat(linears(define(biased)).filter(linear -> linear.bias().isPresent())).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"F32", "F16", "BF16", "Q8_0"})
    void aProjectionThatIsNotTernaryIsRefusedWithWhatToDo(TensorType type) {
        FakeModel model = TinyBitNet.model().tensor("blk.1.ffn_down.weight", type, 128, 256);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("fake.gguf: the tensor blk.1.ffn_down.weight is " + type)
                .hasMessageContaining("deltallm convert");
    }

    @Test
    void aScaleThatIsATensorOfItsOwnIsRefusedByName() {
        FakeModel model = TinyBitNet.model().tensor("blk.0.attn_q.scale", TensorType.F32, 1, 1);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("blk.0.attn_q.scale");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "token_embd.weight",
                "output_norm.weight",
                "blk.1.attn_k.weight",
                "blk.0.attn_sub_norm.weight",
                "blk.1.ffn_sub_norm.weight",
                "blk.0.ffn_down.weight"
            })
    void aMissingTensorIsNamed(String name) {
        FakeModel model = TinyBitNet.model().without(name);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(name);
    }

    @ParameterizedTest
    @CsvSource({
        "blk.1.attn_k.weight, 128, 128, 64 x 128",
        "blk.0.attn_sub_norm.weight, 1, 64, 1 x 128",
        "blk.0.ffn_sub_norm.weight, 1, 128, 1 x 256",
        "blk.1.ffn_down.weight, 256, 128, 128 x 256"
    })
    void aTensorOfAnotherShapeIsNamedWithBothShapes(
            String name, int rows, int columns, String expected) {
        FakeModel model = TinyBitNet.model().tensor(name, TensorType.F32, rows, columns);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(rows + " x " + columns)
                .hasMessageContaining(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "block_count, 0",
        "block_count, 4000000000",
        "embedding_length, -8",
        "feed_forward_length, 0",
        "attention.head_count, 0",
        "attention.head_count_kv, 3",
        "context_length, 0",
        "rope.dimension_count, 3",
        "attention.key_length, 3"
    })
    void numbersThatMakeNoSenseAreRefusedByKey(String key, long value) {
        FakeModel model = TinyBitNet.model().set("bitnet-b1.58." + key, value);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("bitnet-b1.58." + key.replace("head_count_kv", "head_count"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "block_count",
                "embedding_length",
                "feed_forward_length",
                "attention.head_count",
                "context_length",
                "attention.layer_norm_rms_epsilon"
            })
    void aMissingKeyIsNamed(String key) {
        FakeModel model = TinyBitNet.model().without("bitnet-b1.58." + key);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("bitnet-b1.58." + key);
    }

    @Test
    void architecturesOfOthersAreNotClaimed() {
        assertThat(new BitNetFamilyProvider().architectures())
                .containsExactlyInAnyOrder("bitnet-b1.58", "bitnet-25", "bitnet");
        assertThatThrownBy(() -> define(TinyBitNet.model().as("llama")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static ModelDefinition define(FakeModel model) {
        return new BitNetFamilyProvider().define(model);
    }

    private static Stream<Op.Linear> linears(ModelDefinition model) {
        return model.program().ops().stream()
                .filter(Op.Linear.class::isInstance)
                .map(Op.Linear.class::cast);
    }

    private static RotaryEmbedding rope(ModelDefinition model) {
        return model.program().ops().stream()
                .filter(Op.Rope.class::isInstance)
                .map(op -> ((Op.Rope) op).embedding())
                .findFirst()
                .orElseThrow();
    }

    private static Op.Logits logits(ModelDefinition model) {
        return (Op.Logits) model.program().ops().getLast();
    }
}
