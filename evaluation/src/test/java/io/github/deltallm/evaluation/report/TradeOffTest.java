package io.github.deltallm.evaluation.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.evaluation.result.Difference;
import io.github.deltallm.evaluation.result.Score;
import io.github.deltallm.evaluation.result.Sparsity;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

class TradeOffTest {
    private static Score score(
            String task,
            String attention,
            boolean higherIsBetter,
            double difference,
            boolean noise,
            double skipped) {
        return new Score(
                task,
                attention,
                higherIsBetter ? "acc" : "perplexity",
                higherIsBetter,
                0.5,
                0.01,
                100,
                attention.equals("dense")
                        ? Optional.empty()
                        : Optional.of(new Difference(difference, 0.01, 0, 0, 0.5, noise)),
                new Sparsity(0, skipped, skipped, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                1);
    }

    private static Score text(String attention, double change, double skipped) {
        return score("text", attention, false, change, false, skipped);
    }

    private static Score task(String attention, double difference, boolean noise, double skipped) {
        return score("task", attention, true, difference, noise, skipped);
    }

    private static String best(Score... scores) {
        return TradeOff.best(TradeOff.of(ScoreGroup.of(List.of(scores))))
                .map(TradeOff::attention)
                .orElse("none");
    }

    @Test
    void theBestSkipsMostOfThoseThatLoseNothing() {
        assertThat(best(text("a", 0.004, 0.5), text("b", 0.005, 0.6), text("c", 0.0051, 0.7)))
                .isEqualTo("b");
    }

    @Test
    void aTaskThatGotWorseByMoreThanNoiseIsALoss() {
        assertThat(
                        best(
                                text("a", 0, 0.5),
                                text("b", 0, 0.6),
                                text("c", 0, 0.7),
                                task("a", -0.02, true, 0.1),
                                task("b", 0.04, false, 0.1),
                                task("c", -0.04, false, 0.1)))
                .isEqualTo("b");
    }

    @Test
    void whatSkipsNothingIsNotTheBest() {
        assertThat(best(text("a", 0, 0), text("b", 0.2, 0.9))).isEqualTo("none");
        assertThat(best(text("dense", 0, 0))).isEqualTo("none");
        assertThat(best()).isEqualTo("none");
    }

    @Test
    void whatIsNotFiniteIsALoss() {
        assertThat(best(text("a", Double.NaN, 0.5))).isEqualTo("none");
        assertThat(best(text("a", Double.POSITIVE_INFINITY, 0.5))).isEqualTo("none");
    }

    @Test
    void skippingCountsOnTheTextWhereItIsLeast() {
        TradeOff one =
                TradeOff.of(
                                ScoreGroup.of(
                                        List.of(
                                                text("a", 0.001, 0.6),
                                                score("other", "a", false, 0.003, false, 0.4),
                                                task("a", 0, true, 0.01))))
                        .getFirst();
        assertThat(one.skipped()).isEqualTo(0.4);
        assertThat(one.worstPerplexityChange()).hasValue(0.003);
        assertThat(one.worstTaskDifference()).hasValue(0);
        assertThat(one.tasksWithoutLoss()).isEqualTo(1);
    }

    @Test
    void aTaskIsJudgedByItsFirstMetric() {
        Score second =
                new Score(
                        "task",
                        "a",
                        "acc_norm",
                        true,
                        0.1,
                        0.01,
                        100,
                        Optional.of(new Difference(-0.4, 0.01, 0, 0, 0, false)),
                        new Sparsity(0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                        1);
        assertThat(best(task("a", 0, true, 0.5), second)).isEqualTo("a");
    }
}
