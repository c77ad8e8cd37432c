package io.github.deltallm.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.util.ArrayList;
import java.util.List;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CalibrationTest {
    private static final int LENGTH = 300;
    private static final CalibrationOptions OPTIONS =
            CalibrationOptions.DEFAULT.withBudget(0.01).withCalibratedOn("a story");

    private Model model;
    private int[] ids;
    private CalibrationResult result;
    private final List<Long> progress = new ArrayList<>();
    private long total;

    @BeforeAll
    void calibrate() {
        model = StoryText.model();
        ids = StoryText.ids(model, LENGTH);
        result =
                Calibration.run(
                        model,
                        ids,
                        OPTIONS,
                        new Cancellation(),
                        (done, all) -> {
                            progress.add(done);
                            total = all;
                        });
    }

    @AfterAll
    void close() {
        if (model != null) {
            model.close();
        }
    }

    @Test
    void staysWithinTheBudget() {
        assertThat(result.perplexityChange()).isLessThanOrEqualTo(0.01);
        assertThat(result.divergence()).isBetween(0.0, 0.015);
        assertThat(result.attention().deltaZeroFraction()).isGreaterThan(0.3);
    }

    @Test
    void doesAsWellAsItsProfileDoesInASession() {
        double nll = 0;
        try (var session =
                model.newSession(TrialAttention.of(result.profile(), OPTIONS.window()))) {
            session.declare(LENGTH);
            for (int i = 0; i + 1 < LENGTH; i++) {
                session.append(ids[i]);
                nll += nll(session.logits(), ids[i + 1]);
            }
        }
        assertThat(Math.exp(nll / (LENGTH - 1))).isCloseTo(result.perplexity(), within(1e-3));
    }

    private static double nll(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        return Math.log(sum) - logits[id];
    }

    @Test
    void beatsOneThresholdForAllAtEqualZeros() {
        double zeros = result.attention().deltaZeroFraction();
        try (Probe probe = new Probe(model, new Cancellation(), tokens -> {})) {
            Trials trials = new Trials(probe, List.of(ids));
            double low = 0;
            double high = 10;
            Trials.Outcome plain = trials.of(plain(high));
            for (int i = 0; i < 12; i++) {
                double theta = (low + high) / 2;
                Trials.Outcome tried = trials.of(plain(theta));
                if (tried.attention().deltaZeroFraction() < zeros) {
                    low = theta;
                } else {
                    high = theta;
                    plain = tried;
                }
            }
            assertThat(plain.attention().deltaZeroFraction()).isCloseTo(zeros, within(0.01));
            assertThat(result.divergence()).isLessThan(0.7 * plain.divergence());
        }
    }

    private TrialAttention plain(double theta) {
        CalibrationProfile profile = result.profile();
        return TrialAttention.of(
                new CalibrationProfile(
                        profile.modelSha256(),
                        profile.modelBytes(),
                        "",
                        1,
                        (float) theta,
                        profile.window(),
                        profile.layers().stream()
                                .map(heads -> heads.stream().map(CalibrationTest::even).toList())
                                .toList()),
                OPTIONS.window());
    }

    private static CalibrationProfile.Head even(CalibrationProfile.Head head) {
        float[] ones = new float[head.queryWeight().length];
        java.util.Arrays.fill(ones, 1);
        return new CalibrationProfile.Head(
                1, ones, head.steps(), head.valueSigma(), head.valueSteps());
    }

    @Test
    void theSameTwiceGivesTheSameProfile() {
        CalibrationResult again =
                Calibration.run(model, ids, OPTIONS, new Cancellation(), (done, all) -> {});
        assertThat(again.profile().json()).isEqualTo(result.profile().json());
    }

    @Test
    void profileSaysWhatItIsFor() {
        CalibrationProfile profile = result.profile();
        assertThat(profile.modelSha256()).isEqualTo(model.identity().sha256());
        assertThat(profile.modelBytes()).isEqualTo(model.fileBytes());
        assertThat(profile.calibratedOn()).isEqualTo("a story: 300 tokens in sequences of 300");
        assertThat(profile.window()).isEqualTo("5%");
        assertThat(profile.layers()).hasSize(model.heads().layers());
    }

    @Test
    void progressEndsAtTheTotal() {
        assertThat(progress).isSorted().last().isEqualTo(total);
    }

    @Test
    void tooShortATextIsRefused() {
        assertThatThrownBy(() -> run(new int[100], OPTIONS))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("at least 256 tokens, but the text has 100");
    }

    @Test
    void aWindowOverMostOfTheTextIsRefused() {
        assertThatThrownBy(() -> run(ids, OPTIONS.withWindow(WindowSize.parse("200"))))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("window of 200");
    }

    @Test
    void cancellationIsHonoured() {
        Cancellation cancellation = new Cancellation();
        assertThatThrownBy(() ->
                        Calibration.run(
                                model,
                                ids,
                                OPTIONS,
                                cancellation,
                                (done, all) -> cancellation.cancel()))
                .isInstanceOf(CancelledException.class);
    }

    @Test
    void budgetsOutsideOfReasonAreRefused() {
        for (double budget : new double[] {0, -0.1, 1.5, Double.NaN}) {
            assertThatThrownBy(() -> OPTIONS.withBudget(budget))
                    .isInstanceOf(InvalidOptionException.class)
                    .hasMessageContaining("budget");
        }
    }

    private void run(int[] text, CalibrationOptions options) {
        Calibration.run(model, text, options, new Cancellation(), (done, all) -> {});
    }
}
