package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;
import io.github.deltallm.engine.Cancellation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Runs kits in workers. Where one hangs or dies, the rule that was running has failed, and another
 * worker goes on with the next.
 */
final class Supervisor {
    /** A backend that hangs or crashes in so many rules is not worth the time of the others. */
    private static final int MOST_LOST = 8;

    private static final Duration POLL = Duration.ofMillis(100);

    private final Duration timeLimit;
    private final Cancellation cancellation;
    private final IntConsumer progress;
    private final List<CheckResult> results = new ArrayList<>();
    private String description = "";
    private int lost;
    private int done;

    /**
     * @param timeLimit for one check
     * @param progress is told the number of rules that are done
     */
    Supervisor(Duration timeLimit, Cancellation cancellation, IntConsumer progress) {
        this.timeLimit = timeLimit;
        this.cancellation = cancellation;
        this.progress = progress;
    }

    /** All checks of all kits. */
    List<CheckResult> results() {
        return results;
    }

    /** What the backend says of itself; empty if it could not be asked. */
    String description() {
        return description;
    }

    void run(ConformanceRun.Kit kit) throws InterruptedException {
        int before = done;
        Checks checks = new Checks();
        List<Rule> left = kit.rules();
        while (!left.isEmpty() && lost < MOST_LOST) {
            new Attempt(kit, checks, before).run(left);
            left = left.stream().filter(rule -> checks.of(rule.number()).isEmpty()).toList();
        }
        for (Rule rule : kit.rules()) {
            List<CheckResult> all = checks.of(rule.number());
            if (all.isEmpty()) {
                all.add(
                        check(
                                rule,
                                Status.UNTESTED,
                                "not run, because the backend had hung or crashed in "
                                        + lost
                                        + " rules before"));
            }
            boolean skipped = all.stream().allMatch(check -> check.status() == Status.SKIPPED);
            if (skipped && ConformanceRun.mustPass(rule)) {
                all.add(
                        check(
                                rule,
                                Status.FAILED,
                                "required of every backend, but skipped: "
                                        + all.getFirst().message()));
            }
            results.addAll(all);
        }
        done = before + kit.rules().size();
        progress.accept(done);
    }

    private static CheckResult check(Rule rule, Status status, String message) {
        return new CheckResult(rule, "", status, message, Duration.ZERO);
    }

    /** The checks of a kit, by the numbers of their rules. */
    private static final class Checks {
        private final Map<String, List<CheckResult>> byRule = new HashMap<>();

        List<CheckResult> of(String number) {
            return byRule.computeIfAbsent(number, _ -> new ArrayList<>());
        }

        int rulesBegun() {
            return (int) byRule.values().stream().filter(all -> !all.isEmpty()).count();
        }
    }

    /** One worker's part of a kit. */
    private final class Attempt {
        private final ConformanceRun.Kit kit;
        private final Checks checks;
        private final int before;
        private String first = "";
        private Optional<Event.Begun> running = Optional.empty();

        Attempt(ConformanceRun.Kit kit, Checks checks, int before) {
            this.kit = kit;
            this.checks = checks;
            this.before = before;
        }

        void run(List<Rule> rules) throws InterruptedException {
            Path folder = folder();
            Path errorFile = folder.resolve("hs_err.log");
            List<String> numbers = rules.stream().map(Rule::number).toList();
            first = numbers.getFirst();
            try (WorkerProcess worker = WorkerProcess.start(kit.target(), numbers, errorFile)) {
                if (!follow(worker, errorFile)) {
                    lost++;
                }
            } finally {
                deleteIfEmpty(folder);
            }
            for (Rule rule : rules) {
                boolean told = !checks.of(rule.number()).isEmpty();
                if (running.isEmpty() && !told) {
                    add(rule.number(), "", Status.FAILED, "it was not run", Duration.ZERO);
                }
            }
        }

        /** Takes what a worker tells; returns whether it came to its end. */
        private boolean follow(WorkerProcess worker, Path errorFile) throws InterruptedException {
            long last = System.nanoTime();
            while (true) {
                if (cancellation.cancelled()) {
                    worker.destroy();
                    throw new CancelledException("the run was cancelled");
                }
                Optional<Event> event = worker.next(POLL);
                if (event.isPresent()) {
                    last = System.nanoTime();
                    if (take(event.get())) {
                        return true;
                    }
                } else if (worker.ended()) {
                    died(worker, errorFile);
                    return false;
                } else if (System.nanoTime() - last > timeLimit.toNanos()) {
                    hung(worker);
                    return false;
                }
            }
        }

        private boolean take(Event event) {
            switch (event) {
                case Event.Ready _ -> running = Optional.of(new Event.Begun(first, ""));
                case Event.Described told -> description = told.description();
                case Event.Begun begun -> {
                    running = Optional.of(begun);
                    progress.accept(before + checks.rulesBegun());
                }
                case Event.Ended ended -> {
                    String rule = ended.rule();
                    if (rule.isEmpty()) {
                        rule = running.map(Event.Begun::rule).orElse(first);
                    }
                    add(rule, ended.check(), ended.status(), ended.message(), ended.time());
                }
                case Event.Stack _ -> {}
                case Event.Done _ -> {
                    running = Optional.empty();
                    return true;
                }
            }
            return false;
        }

        private void died(WorkerProcess worker, Path errorFile) throws InterruptedException {
            String end = worker.end();
            if (running.isEmpty()) {
                throw new DeltaLlmException(
                        "the process that runs the rules did not start: it " + end);
            }
            String more = Files.exists(errorFile) ? crash(errorFile) : "";
            fail("the process in which it ran " + end + more);
        }

        /** What the JVM says of its crash: the lines that name signal and place. */
        private static String crash(Path errorFile) {
            try {
                return Files.readAllLines(errorFile).stream()
                        .filter(line -> line.startsWith("#  SIG") || line.startsWith("# C  ["))
                        .limit(2)
                        .map(line -> "\n" + line)
                        .reduce("", String::concat);
            } catch (IOException e) {
                return "";
            }
        }

        private void hung(WorkerProcess worker) throws InterruptedException {
            String stack = worker.destroy();
            if (running.isEmpty()) {
                throw new DeltaLlmException(
                        "the process that runs the rules did not start within "
                                + timeLimit.toSeconds()
                                + " seconds");
            }
            fail(
                    "it did not end within "
                            + timeLimit.toSeconds()
                            + " seconds"
                            + (stack.isEmpty() ? "" : "; it was\n" + stack));
        }

        private void fail(String message) {
            running.ifPresent(begun ->
                    add(begun.rule(), begun.check(), Status.FAILED, message, Duration.ZERO));
        }

        private void add(String number, String check, Status status, String why, Duration time) {
            for (Rule rule : kit.rules()) {
                if (rule.number().equals(number)) {
                    String name = kit.target().specs().isEmpty() ? check : ofAttention(check);
                    checks.of(number).add(new CheckResult(rule, name, status, why, time));
                }
            }
        }

        /** Rules are the same for all attentions: what has no specification in it gets the name. */
        private String ofAttention(String check) {
            String name = kit.target().specs().getFirst().split(":", -1)[0];
            return check.startsWith(name) ? check : check.isEmpty() ? name : name + ", " + check;
        }
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("deltallm-conformance");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the JVM wrote of a crash stays: the failure names it. */
    private static void deleteIfEmpty(Path folder) {
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // it is not empty
        }
    }
}
