package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.evaluation.EvaluationOptions;
import io.github.deltallm.evaluation.EvaluationRun;
import io.github.deltallm.evaluation.TaskKind;
import io.github.deltallm.evaluation.result.RunInfo;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The evaluation's perplexities of the embedded model are those of an independent implementation.
 */
class EvaluationReferenceTest {
    private static final double PERPLEXITY = 0.01;
    private static final double LOSS = 0.005;
    private static final double FRACTION = 0.005;

    @TempDir private Path folder;

    @Test
    void bleakHouse() throws IOException {
        agrees("bleak-house", Golden.deltas("bleak-house").subList(1, 2));
    }

    @Test
    @Tag("long")
    void allOfBleakHouse() throws IOException {
        agrees("bleak-house", Golden.deltas("bleak-house"));
    }

    @Test
    @Tag("long")
    void wiki() throws IOException {
        agrees("wiki", Golden.deltas("wiki"));
    }

    private void agrees(String name, List<Golden.Delta> deltas) throws IOException {
        Golden.Text text = Golden.text(name);
        Path ids = Files.writeString(folder.resolve(name + ".json"), text.ids().toString());
        int length = text.ids().size();
        List<AttentionSpec> attentions = new ArrayList<>();
        attentions.add(AttentionSpec.parse("dense"));
        deltas.forEach(delta -> attentions.add(delta.spec()));
        EvaluationOptions options =
                new EvaluationOptions(
                        List.of(new EvaluationOptions.Source(TaskKind.PERPLEXITY, ids)),
                        attentions,
                        0,
                        0,
                        0,
                        length,
                        length,
                        1,
                        List.of());
        List<Score> scores = scores(options);
        double dense = scores.getFirst().value();

        assertThat(dense).isCloseTo(text.perplexity(), within(PERPLEXITY * text.perplexity()));
        for (int i = 0; i < deltas.size(); i++) {
            Score score = scores.get(i + 1);
            Golden.Delta delta = deltas.get(i);
            double loss = delta.perplexity() / text.perplexity();
            assertThat(score.value() / dense)
                    .as(score.attention())
                    .isCloseTo(loss, within(LOSS * loss));
            assertThat(score.sparsity().deltaZeroFraction())
                    .as("delta zero fraction, %s", score.attention())
                    .isCloseTo(delta.zeroFraction(), within(FRACTION));
            assertThat(score.sparsity().skippedMacFraction())
                    .as("skipped MAC fraction, %s", score.attention())
                    .isCloseTo(delta.skippedFraction(), within(FRACTION));
        }
    }

    private List<Score> scores(EvaluationOptions options) {
        ModelOptions modelOptions =
                ModelOptions.DEFAULT.withBackend("cpu").withPrecision(Precision.F32);
        RunInfo run = new RunInfo("", "", "", "", "", "", "", "", Map.of());
        try (Model model = Model.open(SharedData.embeddedModel(), modelOptions)) {
            return EvaluationRun.run(
                            model,
                            modelOptions,
                            options,
                            folder.resolve("out"),
                            run,
                            new Cancellation(),
                            (what, done, fresh, total) -> {})
                    .scores();
        }
    }
}
