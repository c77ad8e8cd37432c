package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.CancelledException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.Rule.Requirement;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Providers;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The kit for backends against one that is installed and, where attentions are named, the kit for
 * attention strategies against these on it.
 *
 * <pre>{@code
 * ConformanceRun run = new ConformanceRun(ConformanceRun.Options.of("cpu"));
 * ConformanceReport report = run.start(new Cancellation(), (done, rules) -> {});
 * report.checks(CheckResult.Status.FAILED).forEach(System.out::println);
 * }</pre>
 */
public final class ConformanceRun {
    private final Options options;
    private final String backend;
    private final List<Kit> kits = new ArrayList<>();

    /**
     * What to run.
     *
     * @param backend name of a backend, or {@code auto}
     * @param device of the backend; empty for its default
     * @param attentions specifications whose rules are to run too
     * @param rules groups ({@code KRN}) and numbers ({@code DLT-04}) of rules; none for all
     * @param timeLimit for one check; one that takes longer has failed
     */
    public record Options(
            String backend,
            Optional<String> device,
            List<AttentionSpec> attentions,
            List<String> rules,
            Duration timeLimit) {
        public Options {
            attentions = List.copyOf(attentions);
            rules = List.copyOf(rules);
        }

        /** All rules for a backend, with two minutes for each check. */
        public static Options of(String backend) {
            return new Options(
                    backend, Optional.empty(), List.of(), List.of(), Duration.ofMinutes(2));
        }
    }

    /** Is told how far a run is. */
    @FunctionalInterface
    public interface Progress {
        void at(int done, int rules);
    }

    /** A kit against one target. */
    record Kit(Target target, List<Rule> rules) {}

    /**
     * Checks the options.
     *
     * @throws InvalidOptionException if there is no such backend, attention or rule
     * @throws io.github.deltallm.api.UnavailableException if the backend can't work here
     */
    public ConformanceRun(Options options) {
        this.options = options;
        Providers providers = Providers.installed();
        backend = providers.backend(options.backend()).name();
        kits.add(new Kit(target(List.of()), selected(Rule.ofBackends())));
        Map<String, List<String>> byName = new LinkedHashMap<>();
        for (AttentionSpec spec : options.attentions()) {
            if (spec.name().equals("auto")) {
                throw new InvalidOptionException(
                        "auto is no attention of its own and has no rules; name one that"
                                + " 'deltallm attentions' lists");
            }
            spec.requireKeys(providers.attention(spec.name()).settings());
            byName.computeIfAbsent(spec.name(), _ -> new ArrayList<>()).add(spec.toString());
        }
        for (List<String> specs : byName.values()) {
            kits.add(new Kit(target(specs), selected(Rule.ofAttention())));
        }
        requireKnown();
    }

    private Target target(List<String> specs) {
        return new Target(backend, options.device(), specs);
    }

    private List<Rule> selected(List<Rule> all) {
        return options.rules().isEmpty()
                ? all
                : all.stream()
                        .filter(rule ->
                                options.rules().contains(rule.group())
                                        || options.rules().contains(rule.number()))
                        .toList();
    }

    private void requireKnown() {
        List<Rule> all = new ArrayList<>(Rule.ofBackends());
        all.addAll(Rule.ofAttention());
        for (String asked : options.rules()) {
            if (all.stream().noneMatch(r -> r.number().equals(asked) || r.group().equals(asked))) {
                TreeSet<String> groups = new TreeSet<>();
                all.forEach(rule -> groups.add(rule.group()));
                throw new InvalidOptionException(
                        "there is no rule and no group of rules '"
                                + asked
                                + "'; there are the groups "
                                + String.join(", ", groups)
                                + ", with rules such as KRN-02");
            }
        }
        if (kits.stream().allMatch(kit -> kit.rules().isEmpty())) {
            throw new InvalidOptionException(
                    "no rule is left to run: the rules STR are about attentions, and none is"
                            + " named");
        }
    }

    /**
     * Runs all rules.
     *
     * @throws CancelledException if it was cancelled
     * @throws io.github.deltallm.api.DeltaLlmException if the process in which rules run does not
     *     start
     */
    public ConformanceReport start(Cancellation cancellation, Progress progress) {
        long begun = System.nanoTime();
        int rules = kits.stream().mapToInt(kit -> kit.rules().size()).sum();
        Supervisor supervisor =
                new Supervisor(options.timeLimit(), cancellation, done -> progress.at(done, rules));
        try {
            for (Kit kit : kits) {
                supervisor.run(kit);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledException("the run was interrupted");
        }
        return new ConformanceReport(
                backend,
                supervisor.description(),
                options.attentions().stream().map(AttentionSpec::toString).toList(),
                supervisor.results(),
                Duration.ofNanos(System.nanoTime() - begun));
    }

    /** Whether skipping all of a rule's checks breaks it. */
    static boolean mustPass(Rule rule) {
        return rule.requirement() == Requirement.REQUIRED && rule.condition().isEmpty();
    }
}
