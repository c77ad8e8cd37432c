package io.github.deltallm.conformance.tests.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

class ConformanceReportTest {
    private static ConformanceReport report(Status... statuses) {
        Rule rule = Rule.ofBackends().getFirst();
        List<CheckResult> checks =
                Stream.of(statuses)
                        .map(status -> new CheckResult(rule, "", status, "", Duration.ofMillis(1)))
                        .toList();
        return new ConformanceReport("cpu", "", List.of(), checks, Duration.ZERO);
    }

    @Test
    void aSkipIsNoPass() {
        assertThat(report(Status.SKIPPED, Status.UNTESTED).passed()).isFalse();
        assertThat(report(Status.SKIPPED).rules().getFirst().status()).isEqualTo(Status.SKIPPED);
        assertThat(report(Status.SKIPPED, Status.PASSED).count(Status.PASSED)).isEqualTo(1);
    }

    @Test
    void oneFailureFailsTheRule() {
        ConformanceReport report = report(Status.PASSED, Status.FAILED, Status.SKIPPED);
        assertThat(report.passed()).isFalse();
        assertThat(report.rules().getFirst().status()).isEqualTo(Status.FAILED);
        assertThat(report.rules().getFirst().time()).isEqualTo(Duration.ofMillis(3));
    }

    @Test
    void passedIsWhatPassedWithoutAFailure() {
        assertThat(report(Status.PASSED, Status.SKIPPED, Status.UNTESTED).passed()).isTrue();
        assertThat(report().passed()).isFalse();
    }
}
