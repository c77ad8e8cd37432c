package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.api.AttentionCounts;
import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CacheBytes;
import io.github.deltallm.engine.AttentionReport;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

class RunningAttentionTest {
    private static final String NOTE = "dense for the first 40 tokens";

    @Test
    void ofAutoTellsWhatRunsAndSinceWhen() {
        RunningAttention changed = running("delta:theta=1.0", "auto", Optional.of(NOTE));
        assertThat(Json.object(changed::write))
                .isEqualTo(
                        "{\"attention\":\"delta:theta=1.0\",\"attention_requested\":\"auto\","
                                + "\"attention_note\":\""
                                + NOTE
                                + "\"}");
        assertThat(changed.line()).isEqualTo("delta:theta=1.0 (auto; " + NOTE + ")");
        assertThat(changed.cell()).isEqualTo("auto: delta:theta=1.0");
        assertThat(running("dense", "auto", Optional.empty()).line()).isEqualTo("dense (auto)");
    }

    @Test
    void ofAnyOtherIsWhatWasAskedForWithAllItsSettings() {
        RunningAttention fixed = running("delta:theta=1.0", "delta", Optional.empty());
        assertThat(fixed.line()).isEqualTo("delta:theta=1.0");
        assertThat(fixed.cell()).isEqualTo("delta:theta=1.0");
        assertThat(Json.object(fixed::write))
                .isEqualTo("{\"attention\":\"delta:theta=1.0\",\"attention_requested\":\"delta\"}");
    }

    private static RunningAttention running(String spec, String requested, Optional<String> note) {
        return new RunningAttention(
                new AttentionReport(
                        AttentionSpec.parse(spec),
                        AttentionSpec.parse(requested),
                        note,
                        AttentionCounts.ZERO,
                        AttentionCounts.ZERO,
                        List.of(),
                        CacheBytes.ZERO));
    }
}
