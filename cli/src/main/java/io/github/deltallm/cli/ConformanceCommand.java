package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;
import io.github.deltallm.conformance.tests.run.ConformanceReport;
import io.github.deltallm.conformance.tests.run.ConformanceRun;
import io.github.deltallm.conformance.tests.run.JUnitXml;
import io.github.deltallm.engine.ModelOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code conformance}: whether a backend computes what all others do. */
@CommandLine.Command(
        name = "conformance",
        sortOptions = false,
        description = {
            "Runs the conformance kit against a backend, and against attentions on it where some"
                    + " are named.",
            "Every rule is one check or several. What is optional and not offered is skipped, what"
                    + " no test can tell is untested; neither is a pass. Rules run in a process of"
                    + " their own: a backend that hangs or crashes fails the rule that was"
                    + " running."
        },
        footer = {
            "",
            "Examples:",
            "  deltallm conformance --backend cpu",
            "  deltallm conformance --backend cpu --attention delta:theta=0.5 --rules STR",
            "  deltallm conformance --backend opencl --rules KRN,DLT-04 --junit report.xml",
            "",
            "The rules are listed in docs/conformance.md. Exit code 1 if a check failed."
        })
final class ConformanceCommand extends Command implements Callable<Integer> {
    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "The backend to test: auto, or one that 'deltallm backends' lists (default:"
                            + " ${DEFAULT-VALUE}).")
    private String backend = ModelOptions.DEFAULT.backend();

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "One of the backend's devices, where it has several.")
    private @Nullable String device;

    @Option(
            names = "--attention",
            paramLabel = "SPEC",
            converter = Words.Attention.class,
            description =
                    "An attention whose rules (STR) are to be tested on the backend too; may be"
                            + " repeated.")
    private List<AttentionSpec> attentions = new ArrayList<>();

    @Option(
            names = "--rules",
            split = ",",
            paramLabel = "RULE",
            description =
                    "Only these groups of rules, such as KRN, or single ones, such as DLT-04"
                            + " (default: all).")
    private List<String> rules = new ArrayList<>();

    @Option(
            names = "--time-limit",
            paramLabel = "SECONDS",
            description = "A check that takes longer has failed (default: ${DEFAULT-VALUE}).")
    private int timeLimit = 120;

    @Option(
            names = "--junit",
            paramLabel = "FILE",
            description = "Also write the results to a file as JUnit XML.")
    private @Nullable Path junit;

    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    ConformanceCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        if (timeLimit < 1) {
            throw new InvalidOptionException(
                    "the option time-limit must be at least 1, not " + timeLimit);
        }
        Plugins.found(streams());
        ConformanceRun run =
                new ConformanceRun(
                        new ConformanceRun.Options(
                                backend,
                                Optional.ofNullable(device),
                                attentions,
                                rules,
                                Duration.ofSeconds(timeLimit)));
        ConformanceReport report;
        try (Interrupt interrupt = new Interrupt();
                ProgressBar bar = ProgressBar.measured(streams(), "conformance")) {
            report = run.start(interrupt.cancellation(), bar::at);
        }
        if (junit != null) {
            write(junit, JUnitXml.of(report));
        }
        if (format.json()) {
            Json.print(streams().out(), json -> ConformanceResults.write(report, json));
        } else {
            ConformanceResults.print(report, streams().out());
        }
        if (!report.passed()) {
            throw new DeltaLlmException(sentence(report));
        }
        return Failures.DONE;
    }

    private static void write(Path file, String document) {
        try {
            Files.writeString(file, document);
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the results can't be written to " + file + ": " + e.getMessage(), e);
        }
    }

    private static String sentence(ConformanceReport report) {
        long failed = report.count(Status.FAILED);
        if (failed == 0) {
            return "no check of the backend '" + report.backend() + "' passed, all were skipped";
        }
        List<String> rules =
                report.checks(Status.FAILED).stream()
                        .map(check -> check.rule().number())
                        .distinct()
                        .toList();
        return "the backend '"
                + report.backend()
                + "' fails "
                + failed
                + " of "
                + report.checks().size()
                + " checks, of the rules "
                + String.join(", ", rules);
    }
}
