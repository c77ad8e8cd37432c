package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of a run.
 *
 * @param backend name of the backend
 * @param description what the backend says of itself; empty if it could not be asked
 * @param attentions the attentions whose rules ran too, as they were asked for
 * @param checks every check, in the order of the rules
 * @param time how long it took
 */
public record ConformanceReport(
        String backend,
        String description,
        List<String> attentions,
        List<CheckResult> checks,
        Duration time) {
    public ConformanceReport {
        attentions = List.copyOf(attentions);
        checks = List.copyOf(checks);
    }

    /** Checks that ended in a status. */
    public long count(Status status) {
        return checks.stream().filter(check -> check.status() == status).count();
    }

    /** The checks that ended in a status. */
    public List<CheckResult> checks(Status status) {
        return checks.stream().filter(check -> check.status() == status).toList();
    }

    /** Whether nothing failed and something passed. */
    public boolean passed() {
        return count(Status.FAILED) == 0 && count(Status.PASSED) > 0;
    }

    /** The same by rule. */
    public List<RuleResult> rules() {
        Map<Rule, List<CheckResult>> byRule = new LinkedHashMap<>();
        for (CheckResult check : checks) {
            byRule.computeIfAbsent(check.rule(), _ -> new ArrayList<>()).add(check);
        }
        return byRule.entrySet().stream()
                .map(entry -> new RuleResult(entry.getKey(), entry.getValue()))
                .toList();
    }
}
