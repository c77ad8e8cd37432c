package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.spi.Executable;
import io.github.deltallm.api.spi.HeadShape;
import io.github.deltallm.api.spi.KvCache;
import io.github.deltallm.api.spi.KvStream;
import io.github.deltallm.api.spi.Step;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Perplexity;

import org.junit.jupiter.api.Test;

import java.util.List;

class ProbeTest {
    private static final int LENGTH = 256;

    @Test
    void recordsTheKeysAndValuesThatTheCacheHolds() {
        try (Model model = StoryText.model();
                Probe probe = new Probe(model, new Cancellation(), tokens -> {})) {
            int[] ids = StoryText.ids(model, LENGTH);
            HeadShape heads = model.heads();
            Recording recording = new Recording(heads, 1, heads.layers(), LENGTH);
            probe.record(ids, 1, heads.layers(), recording::take);
            try (Executable executable = model.compile(model.program());
                    KvCache cache =
                            executable.newCache(
                                    model.attention(AttentionSpec.parse("dense")), LENGTH)) {
                for (int done = 0; done < LENGTH; done += 64) {
                    executable.run(
                            new Step().add(cache, ids, done, 64, Step.Logits.NONE),
                            (row, logits) -> {});
                }
                for (int layer = 1; layer < heads.layers(); layer++) {
                    for (int head = 0; head < heads.kvHeads(); head++) {
                        assertThat(recording.keys(layer, head))
                                .containsExactly(
                                        exact(cache, layer, head, KvStream.Kind.KEYS),
                                        within(1e-4f));
                        assertThat(recording.values(layer, head))
                                .containsExactly(
                                        exact(cache, layer, head, KvStream.Kind.VALUES),
                                        within(1e-4f));
                    }
                }
            }
        }
    }

    private static float[] exact(KvCache cache, int layer, int head, KvStream.Kind kind) {
        List<KvStream.Rows> runs = cache.export(layer, head, kind).exact();
        assertThat(runs).hasSize(1);
        return runs.getFirst().values();
    }

    @Test
    void scoresAsThePerplexityDoes() {
        try (Model model = StoryText.model();
                Probe probe = new Probe(model, new Cancellation(), tokens -> {})) {
            int[] ids = StoryText.ids(model, LENGTH);
            Trials trials = new Trials(probe, List.of(ids));
            Perplexity perplexity =
                    Perplexity.of(
                            model,
                            AttentionSpec.parse("dense"),
                            ids,
                            LENGTH,
                            new Cancellation(),
                            done -> {});
            assertThat(trials.denseNll()).isCloseTo(perplexity.nll(), within(1e-5));
            Trials.Outcome same = trials.of(TrialAttention.dense());
            assertThat(same.nll()).isEqualTo(trials.denseNll());
            assertThat(same.divergence()).isCloseTo(0, within(1e-6));
        }
    }
}
