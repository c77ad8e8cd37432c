package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Perplexity;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.Score;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class EvaluationRunTest {
    @TempDir private Path folder;
    private Model model;

    @BeforeEach
    void open() {
        model = TinyModel.open();
    }

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
    }

    private Evaluation run(EvaluationOptions options, Path out) {
        return run(options, out, new Cancellation(), (what, done, fresh, total) -> {});
    }

    private Evaluation run(
            EvaluationOptions options,
            Path out,
            Cancellation cancellation,
            EvaluationListener listener) {
        return EvaluationRun.run(
                model, TinyModel.OPTIONS, options, out, TinyTasks.RUN, cancellation, listener);
    }

    @Test
    void aPerplexityIsThatOfTheEngine() throws IOException {
        EvaluationOptions options = TinyTasks.story(folder, 100, 100);
        int[] ids = new TextTokens(model).encode(TinyTasks.STORY);
        for (Score score : run(options, folder.resolve("out")).scores()) {
            Perplexity expected =
                    Perplexity.of(
                            model,
                            AttentionSpec.parse(score.attention()),
                            ids,
                            100,
                            new Cancellation(),
                            done -> {});
            assertThat(score.value())
                    .as(score.attention())
                    .isCloseTo(expected.value(), within(1e-4 * expected.value()));
            assertThat(score.sparsity().deltaZeroFraction())
                    .isCloseTo(expected.attention().total().deltaZeroFraction(), within(0.005));
            assertThat(score.sparsity().skippedMacFraction())
                    .isCloseTo(expected.attention().total().skippedMacFraction(), within(0.005));
        }
    }

    @Test
    void aRunThatWasStoppedGoesOnAndComesToTheSameScores() throws IOException {
        // Three groups an attention.
        EvaluationOptions options = TinyTasks.choices(folder, 70);
        Evaluation whole = run(options, folder.resolve("whole"));
        Path out = folder.resolve("stopped");
        for (int stop = 0; stop < 3; stop++) {
            Cancellation cancellation = new Cancellation();
            assertThatThrownBy(() ->
                            run(options, out, cancellation, cancelOnceItComputes(cancellation)))
                    .isInstanceOf(CancelledException.class);
        }
        assertThat(Files.readAllLines(out.resolve(EvaluationRun.JOURNAL))).hasSizeBetween(3, 139);
        Evaluation resumed = run(options, out);

        assertThat(TinyTasks.withoutSpeed(resumed)).isEqualTo(TinyTasks.withoutSpeed(whole));
    }

    private static EvaluationListener cancelOnceItComputes(Cancellation cancellation) {
        return (what, done, fresh, total) -> {
            if (fresh > 0) {
                cancellation.cancel();
            }
        };
    }

    @Test
    void aFinishedRunComputesNothingAgain() throws IOException {
        EvaluationOptions options = TinyTasks.choices(folder, 12);
        Path out = folder.resolve("out");
        Evaluation first = run(options, out);
        long[] computed = new long[1];
        Evaluation second =
                run(
                        options,
                        out,
                        new Cancellation(),
                        (what, done, fresh, total) -> computed[0] = fresh);

        assertThat(computed[0]).isZero();
        assertThat(second.scores()).isEqualTo(first.scores());
    }

    @Test
    void allAttentionsAnswerTheSameItems() throws IOException {
        Evaluation evaluation = run(TinyTasks.choices(folder, 12), folder.resolve("out"));

        assertThat(evaluation.scores()).extracting(Score::n).containsOnly(12L);
        assertThat(evaluation.scores())
                .filteredOn(score -> score.attention().equals("dense"))
                .allSatisfy(score -> assertThat(score.difference()).isEmpty());
        assertThat(evaluation.scores())
                .filteredOn(score -> !score.attention().equals("dense"))
                .allSatisfy(score -> {
                    assertThat(score.difference()).isPresent();
                    assertThat(score.sparsity().skippedMacFraction()).isPositive();
                });
        assertThat(evaluation.headSparsities())
                .hasSize(model.heads().layers() * model.heads().kvHeads())
                .allSatisfy(head -> assertThat(head.deltaZeroFraction()).isBetween(0.0, 1.0));
        assertThat(evaluation.frequencyChanges()).hasSize(model.heads().headDim() / 2);
    }

    /** Heads and frequencies are sums over the same elements. */
    @Test
    void headsAndFrequenciesAgree() throws IOException {
        Evaluation evaluation = run(TinyTasks.choices(folder, 12), folder.resolve("out"));
        double zeros =
                evaluation.headSparsities().stream()
                        .mapToDouble(head -> head.deltaZeroFraction())
                        .average()
                        .orElseThrow();
        double changes =
                evaluation.frequencyChanges().stream()
                        .mapToDouble(change -> change.changeRate())
                        .average()
                        .orElseThrow();

        assertThat(zeros).isCloseTo(1 - changes, within(1e-9));
    }

    @Test
    void aSampleIsDrawnByTheSeed() throws IOException {
        EvaluationOptions all = TinyTasks.choices(folder, 12);
        EvaluationOptions some =
                new EvaluationOptions(
                        all.tasks(), List.of(AttentionSweep.DENSE), 5, 3, 2, 0, 0, 8, List.of());
        List<Score> scores = run(some, folder.resolve("a")).scores();

        assertThat(scores).extracting(Score::n).containsOnly(5L);
        assertThat(run(some, folder.resolve("b")).scores())
                .extracting(Score::value)
                .containsExactlyElementsOf(scores.stream().map(Score::value).toList());
    }

    @Test
    void whatCanNotBeDoneIsToldInOneSentence() throws IOException {
        EvaluationOptions good = TinyTasks.choices(folder, 12);
        Path missing = folder.resolve("missing.jsonl");
        assertThatThrownBy(() ->
                        run(
                                EvaluationOptions.of(
                                        List.of(
                                                new EvaluationOptions.Source(
                                                        TaskKind.PIQA, missing)),
                                        good.attentions()),
                                folder))
                .isInstanceOf(DeltaLlmException.class)
                .hasMessage("there is no file " + missing + "; check the path");
        assertThatThrownBy(() -> run(TinyTasks.story(folder, 100, 101), folder))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("strides are no longer");
        assertThatThrownBy(() -> run(TinyTasks.story(folder, 5000, 10), folder))
                .hasMessageContaining("the context's 512");
        assertThatThrownBy(() ->
                        new EvaluationOptions(
                                good.tasks(),
                                List.of(AttentionSpec.parse("delta")),
                                0,
                                0,
                                0,
                                0,
                                0,
                                1,
                                List.of()))
                .hasMessageContaining("must be dense");
        assertThatThrownBy(() -> TaskKind.named("winograd"))
                .hasMessageContaining("winogrande, wsc, piqa");
    }
}
