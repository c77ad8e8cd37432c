package io.github.deltallm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.ModelDefinition;
import io.github.deltallm.api.spi.Op;
import io.github.deltallm.api.spi.RotaryEmbedding;
import io.github.deltallm.testsupport.FakeModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

class LlamaFamilyTest {
    @Test
    void recordsTheOperationsOfEveryLayerInOrder() {
        ModelDefinition model = define(TinyLlama.model());
        assertThat(model.program().heads()).isEqualTo(new HeadShape(2, 4, 2, 2));
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
                        "Linear",
                        "Add",
                        "RmsNorm",
                        "Linear",
                        "Linear",
                        "Gate",
                        "Linear",
                        "Add");
        assertThat(model.program().ops().stream().map(op -> op.getClass().getSimpleName()))
                .startsWith("Embed")
                .containsSubsequence(layer)
                .endsWith("RmsNorm", "Logits")
                .hasSize(1 + 2 * layer.size() + 2);
    }

    @Test
    void theOutputIsTiedToTheEmbeddingUnlessTheFileHasItsOwn() {
        assertThat(logits(define(TinyLlama.model())).weight().name())
                .isEqualTo("token_embd.weight");
        FakeModel untied = TinyLlama.model().tensor("output.weight", 5, 8);
        assertThat(logits(define(untied)).weight().name()).isEqualTo("output.weight");
    }

    @Test
    void biasesAreUsedWhereTheFileHasThem() {
        FakeModel biased = TinyLlama.model().tensor("blk.1.attn_q.bias", 1, 8);
        assertThat(
                        define(biased).program().ops().stream()
                                .filter(op ->
                                        op instanceof Op.Linear linear
                                                && linear.bias().isPresent()))
                .hasSize(1);
    }

    @Test
    void llamaPairsNeighboursAndQwenPairsHalves() {
        assertThat(rope(define(TinyLlama.model())).pairing())
                .isEqualTo(RotaryEmbedding.Pairing.INTERLEAVED);
        FakeModel qwen = TinyLlama.model().as("qwen2");
        assertThat(rope(define(qwen)).pairing()).isEqualTo(RotaryEmbedding.Pairing.HALVES);
    }

    @Test
    void frequenciesFallGeometricallyFromOne() {
        FakeModel model = wideHeads().set("llama.rope.freq_base", 100.0);
        assertThat(rope(define(model)).frequencies())
                .containsExactly(new double[] {1, 0.1}, within(1e-12));
    }

    @Test
    void linearScalingDividesEveryFrequency() {
        FakeModel model =
                wideHeads()
                        .set("llama.rope.freq_base", 100.0)
                        .set("llama.rope.scaling.type", "linear")
                        .set("llama.rope.scaling.factor", 4.0);
        assertThat(rope(define(model)).frequencies())
                .containsExactly(new double[] {0.25, 0.025}, within(1e-12));
    }

    @Test
    void llama31FactorsDivideEachFrequency() {
        FakeModel model =
                wideHeads()
                        .set("llama.rope.freq_base", 100.0)
                        .tensor("rope_freqs.weight", 1, 2, 1, 8);
        assertThat(rope(define(model)).frequencies())
                .containsExactly(new double[] {1, 0.0125}, within(1e-12));
    }

    @Test
    void unknownScalingIsRefusedByName() {
        FakeModel model = TinyLlama.model().set("llama.rope.scaling.type", "yarn");
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(UnsupportedModelException.class)
                .hasMessageContaining("yarn")
                .hasMessageContaining("fake.gguf");
    }

    @Test
    void expertsAreRefused() {
        FakeModel model = TinyLlama.model().set("llama.expert_count", 8L);
        assertThatThrownBy(() -> define(model)).isInstanceOf(UnsupportedModelException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "token_embd.weight",
                "output_norm.weight",
                "blk.1.attn_k.weight",
                "blk.0.ffn_down.weight"
            })
    void aMissingTensorIsNamed(String name) {
        FakeModel model = TinyLlama.model().without(name);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(name);
    }

    @Test
    void aTensorOfAnotherShapeIsNamedWithBothShapes() {
        FakeModel model = TinyLlama.model().tensor("blk.1.attn_k.weight", 8, 8);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("blk.1.attn_k.weight")
                .hasMessageContaining("8 x 8")
                .hasMessageContaining("4 x 8");
    }

    @ParameterizedTest
    @CsvSource({
        "llama.block_count, 0",
        "llama.block_count, 4000000000",
        "llama.embedding_length, -8",
        "llama.attention.head_count, 0",
        "llama.attention.head_count_kv, 3",
        "llama.context_length, 0",
        "llama.rope.dimension_count, 3"
    })
    void numbersThatMakeNoSenseAreRefusedByKey(String key, long value) {
        FakeModel model = TinyLlama.model().set(key, value);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(key.replace("head_count_kv", "head_count"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama.block_count",
                "llama.embedding_length",
                "llama.feed_forward_length",
                "llama.attention.head_count",
                "llama.context_length",
                "llama.attention.layer_norm_rms_epsilon"
            })
    void aMissingKeyIsNamed(String key) {
        FakeModel model = TinyLlama.model().without(key);
        assertThatThrownBy(() -> define(model))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(key);
    }

    /** Two heads of four channels, so that there is more than one frequency. */
    private static FakeModel wideHeads() {
        FakeModel model =
                TinyLlama.model()
                        .set("llama.attention.head_count", 2L)
                        .set("llama.attention.head_count_kv", 1L);
        return model;
    }

    private static ModelDefinition define(FakeModel model) {
        return new LlamaFamilyProvider().define(model);
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
