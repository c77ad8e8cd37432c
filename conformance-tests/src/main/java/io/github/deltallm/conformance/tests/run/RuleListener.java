package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells what JUnit runs in the words of rules and checks. */
final class RuleListener implements TestExecutionListener {
    private static final Pattern NUMBER = Pattern.compile("[A-Z]{3}-\\d\\d");
    private static final int MOST_FRAMES = 6;

    private final Consumer<Event> events;
    private final Map<String, Long> started = new HashMap<>();
    private @Nullable TestPlan plan;

    RuleListener(Consumer<Event> events) {
        this.events = events;
    }

    /** The number of the rule with a display name; empty if it is none. */
    static String number(String displayName) {
        Matcher number = NUMBER.matcher(displayName);
        return number.lookingAt() ? number.group() : "";
    }

    @Override
    public void testPlanExecutionStarted(TestPlan running) {
        plan = running;
    }

    /** The rule that something is, or is a check of. */
    private Optional<String> rule(TestIdentifier test) {
        String own = number(test.getDisplayName());
        return own.isEmpty()
                ? Optional.ofNullable(plan).flatMap(all -> all.getParent(test)).flatMap(this::rule)
                : Optional.of(own);
    }

    private static String check(TestIdentifier test) {
        return number(test.getDisplayName()).isEmpty() ? test.getDisplayName() : "";
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started.put(test.getUniqueId(), System.nanoTime());
        rule(test).ifPresent(rule -> events.accept(new Event.Begun(rule, check(test))));
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        rule(test)
                .ifPresent(rule ->
                        events.accept(
                                new Event.Ended(
                                        rule,
                                        check(test),
                                        Status.UNTESTED,
                                        reason.replaceFirst("^untested: ", ""),
                                        Duration.ZERO)));
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Status status =
                switch (result.getStatus()) {
                    case SUCCESSFUL -> Status.PASSED;
                    case ABORTED -> Status.SKIPPED;
                    case FAILED -> Status.FAILED;
                };
        if (status == Status.PASSED && !test.isTest()) {
            return; // its checks were told
        }
        String message = result.getThrowable().map(thrown -> message(thrown, status)).orElse("");
        long begun = started.getOrDefault(test.getUniqueId(), System.nanoTime());
        Duration time = Duration.ofNanos(System.nanoTime() - begun);
        // What fails outside of all rules makes the whole run fail.
        String rule = rule(test).orElse("");
        events.accept(new Event.Ended(rule, check(test), status, message, time));
    }

    private static String message(Throwable thrown, Status status) {
        String message = thrown.getMessage();
        if (status == Status.SKIPPED) {
            return message == null
                    ? "no reason given"
                    : message.replaceFirst("^Assumption failed: ", "");
        }
        if (thrown instanceof AssertionError && message != null) {
            return message;
        }
        StringBuilder told = new StringBuilder("an unexpected ").append(thrown);
        StackTraceElement[] frames = thrown.getStackTrace();
        for (int i = 0; i < Math.min(frames.length, MOST_FRAMES); i++) {
            told.append("\nat ").append(frames[i]);
        }
        return told.toString();
    }
}
