package io.github.deltallm.evaluation.result;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.List;
import java.util.Map;
import java.util.Optional;

class EvaluationJsonTest {
    private static final Sparsity SPARSITY =
            new Sparsity(0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 7, 8, 16, 32, 64);
    private static final Evaluation EVALUATION =
            new Evaluation(
                    new RunInfo(
                            "model.gguf",
                            "ab",
                            "llama",
                            "cpu",
                            "two \"threads\"",
                            "0.1",
                            "",
                            "2026-01-01T00:00:00Z",
                            Map.of("limit", "5")),
                    List.of(
                            new Score(
                                    "winogrande",
                                    "dense",
                                    "acc",
                                    true,
                                    0.5,
                                    Double.NaN,
                                    1,
                                    Optional.empty(),
                                    SPARSITY,
                                    12),
                            new Score(
                                    "winogrande",
                                    "delta",
                                    "acc",
                                    true,
                                    0.25,
                                    0.1,
                                    4,
                                    Optional.of(new Difference(-0.25, 0.2, -0.7, 0.1, 0.3, true)),
                                    SPARSITY,
                                    12)),
                    List.of(new KeyPrecision("perplexity", "delta", "delta f32", 4.5, 20, 0.01)),
                    List.of(new HeadSparsity("delta", 1, 2, 0.75)),
                    List.of(new FrequencyChange("delta", 3, 0.01, 0.2)),
                    List.of(new Speed("delta", Speed.Stage.DECODE, 512, 30, 2, 5)));

    private final JsonNode json = new JsonMapper().readTree(EvaluationJson.of(EVALUATION));

    @Test
    void scoresHaveTheFieldsThatScriptsRelyOn() {
        JsonNode score = json.get("results").get(1);

        assertThat(score.get("task").asString()).isEqualTo("winogrande");
        assertThat(score.get("attention").asString()).isEqualTo("delta");
        assertThat(score.get("metric").asString()).isEqualTo("acc");
        assertThat(score.get("value").asDouble()).isEqualTo(0.25);
        assertThat(score.get("stderr").asDouble()).isEqualTo(0.1);
        assertThat(score.get("n").asInt()).isEqualTo(4);
        assertThat(score.get("sparsity").get("skipped_mac_fraction").asDouble()).isEqualTo(0.4);
        assertThat(score.get("difference").get("in_noise").asBoolean()).isTrue();
    }

    @Test
    void whatIsUnknownIsNull() {
        JsonNode dense = json.get("results").get(0);

        assertThat(dense.get("stderr").isNull()).isTrue();
        assertThat(dense.get("difference").isNull()).isTrue();
    }

    @Test
    void allOtherResultsAreThere() {
        assertThat(json.get("run").get("options").get("limit").asString()).isEqualTo("5");
        assertThat(json.get("run").get("backend_description").asString())
                .isEqualTo("two \"threads\"");
        assertThat(json.get("key_precision").get(0).get("key_bits").asDouble()).isEqualTo(4.5);
        assertThat(json.get("head_sparsity").get(0).get("kv_head").asInt()).isEqualTo(2);
        assertThat(json.get("frequency_change").get(0).get("pair").asInt()).isEqualTo(3);
        assertThat(json.get("speed").get(0).get("stage").asString()).isEqualTo("decode");
    }

    @Test
    void bitsAreMeasuredAgainstSixteen() {
        assertThat(SPARSITY.keyBits()).isEqualTo(4);
        assertThat(SPARSITY.valueBits()).isEqualTo(4);
    }
}
