package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.deltallm.api.DeltaLlmException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class CalibrationProfileTest {
    private static final CalibrationProfile PROFILE =
            new CalibrationProfile(
                    "0".repeat(64),
                    98_362_432,
                    "a \"text\"\n",
                    0.005,
                    1,
                    "5%",
                    List.of(
                            List.of(
                                    new CalibrationProfile.Head(
                                            1.25f,
                                            new float[] {0.5f, 2, 12345},
                                            new float[] {0.01f, 1e-9f, 0},
                                            0.7f,
                                            new float[] {1, 2, 3}))));

    @TempDir Path folder;

    @Test
    void jsonHasTheAgreedFields() {
        JsonNode json = JsonMapper.builder().build().readTree(PROFILE.json());
        assertThat(List.copyOf(json.propertyNames()))
                .containsExactly(
                        "format",
                        "model_sha256",
                        "model_bytes",
                        "calibrated_on",
                        "budget",
                        "theta",
                        "window",
                        "layers");
        assertThat(json.at("/format").asInt()).isEqualTo(1);
        assertThat(json.at("/model_bytes").asLong()).isEqualTo(98_362_432);
        assertThat(json.at("/calibrated_on").asString()).isEqualTo("a \"text\"\n");
        assertThat(json.at("/budget").asDouble()).isEqualTo(0.005);
        JsonNode head = json.at("/layers/0/heads/0");
        assertThat(List.copyOf(head.propertyNames()))
                .containsExactly("theta", "query_weight", "step", "value_sigma", "value_step");
        assertThat(head.at("/query_weight/0").asDouble()).isEqualTo(0.5);
        assertThat(head.at("/query_weight/2").asDouble()).isEqualTo(12_300);
        assertThat(head.at("/step/1").asDouble()).isEqualTo(1e-9);
    }

    @Test
    void thresholdIsTheProductOfTheFactors() {
        CalibrationProfile.Head head = PROFILE.layers().getFirst().getFirst();
        assertThat(head.thresholds(2)).containsExactly(1.25f, 5, 30862.5f);
    }

    @Test
    void writingReplacesTheFileAndLeavesNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("profile.json"), "old");
        PROFILE.write(file);
        assertThat(file).hasContent(PROFILE.json());
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void placesThatTakeNoFileAreToldBefore() {
        assertThatThrownBy(() -> CalibrationProfile.requireWritable(folder))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("is a directory");
        assertThatThrownBy(() -> PROFILE.write(folder.resolve("none/profile.json")))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessageContaining("does not exist");
    }
}
