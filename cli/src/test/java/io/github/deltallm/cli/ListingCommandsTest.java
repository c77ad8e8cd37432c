package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

class ListingCommandsTest {
    @Test
    void backendsTellWhetherTheyWorkHere() {
        JsonNode backends = Outcome.of("backends", "--format", "json").json();
        assertThat(backends).isNotEmpty();
        for (JsonNode backend : backends) {
            assertThat(Outcome.names(backend))
                    .startsWith("name", "weight", "available", "devices", "reason", "remedy");
            assertThat(backend.at("/reason").isNull())
                    .isEqualTo(backend.at("/available").asBoolean());
        }
        assertThat(backends.findValuesAsString("name")).contains("reference");
        assertThat(Outcome.of("backends").out()).contains("reference", "available on");
    }

    @Test
    void modelFamiliesTellTheirArchitectures() {
        JsonNode models = Outcome.of("models", "--format", "json").json();
        assertThat(Outcome.names(models.get(0))).containsExactly("name", "architectures", "origin");
        assertThat(models.findValuesAsString("name")).contains("llama", "bitnet");
        assertThat(Outcome.of("models").out()).contains("llama", "qwen2", "bitnet-b1.58");
    }

    @Test
    void attentionsTellTheirSettings() {
        JsonNode attentions = Outcome.of("attentions", "--format", "json").json();
        assertThat(Outcome.names(attentions.get(0)))
                .containsExactly("name", "description", "settings", "origin");
        assertThat(attentions.findValuesAsString("name")).contains("dense");
        Outcome table = Outcome.of("attentions");
        assertThat(table.out()).contains("dense", "keys, values");
        assertThat(table.err()).contains("auto");
    }
}
