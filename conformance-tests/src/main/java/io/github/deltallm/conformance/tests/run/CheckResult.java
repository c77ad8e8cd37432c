package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.Rule;

import java.time.Duration;

/**
 * What came of one check. A rule is one check or several, for several types, sizes or strategies.
 *
 * @param rule the rule
 * @param name which of the rule's checks; empty if it is its only one
 * @param status what came of it
 * @param message why it failed, was skipped or is untested; empty if it passed
 * @param time how long it took
 */
public record CheckResult(Rule rule, String name, Status status, String message, Duration time) {
    /** What can come of a check. */
    public enum Status {
        PASSED,
        FAILED,
        /** What it is about is optional, and the backend does not offer it. Not a pass. */
        SKIPPED,
        /** No test can tell, or it did not come to it. Not a pass either. */
        UNTESTED
    }
}
