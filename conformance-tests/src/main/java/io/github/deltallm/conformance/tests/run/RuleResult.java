package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import java.time.Duration;
import java.util.List;

/**
 * What came of a rule.
 *
 * @param rule the rule
 * @param checks its checks, in the order in which they ran
 */
public record RuleResult(Rule rule, List<CheckResult> checks) {
    public RuleResult {
        checks = List.copyOf(checks);
    }

    /** Checks that ended in a status. */
    public long count(Status status) {
        return checks.stream().filter(check -> check.status() == status).count();
    }

    /**
     * Failed if a check failed, else passed if one passed, else skipped if one was skipped, else
     * untested.
     */
    public Status status() {
        for (Status status : List.of(Status.FAILED, Status.PASSED, Status.SKIPPED)) {
            if (count(status) > 0) {
                return status;
            }
        }
        return Status.UNTESTED;
    }

    /** How long all checks took. */
    public Duration time() {
        return checks.stream().map(CheckResult::time).reduce(Duration.ZERO, Duration::plus);
    }
}
