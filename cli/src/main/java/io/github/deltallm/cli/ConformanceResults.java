package io.github.deltallm.cli;

import io.github.deltallm.conformance.tests.run.CheckResult;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;
import io.github.deltallm.conformance.tests.run.ConformanceReport;
import io.github.deltallm.conformance.tests.run.RuleResult;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Prints what came of {@code conformance}. */
final class ConformanceResults {
    private ConformanceResults() {}

    static void write(ConformanceReport report, Json json) {
        json.put("passed", report.count(Status.PASSED))
                .put("failed", report.count(Status.FAILED))
                .put("skipped", report.count(Status.SKIPPED))
                .put("untested", report.count(Status.UNTESTED))
                .putAll("failures", report.checks(Status.FAILED), ConformanceResults::failure)
                .putAll("skips", report.checks(Status.SKIPPED), ConformanceResults::reason)
                .putAll(
                        "untested_rules",
                        report.checks(Status.UNTESTED),
                        ConformanceResults::reason)
                .putAll("rules", report.rules(), ConformanceResults::rule)
                .put("backend", report.backend())
                .put("description", report.description())
                .putTexts("attentions", report.attentions())
                .put("duration_ms", report.time().toMillis());
    }

    private static void failure(Json json, CheckResult check) {
        json.put("rule", check.rule().number())
                .put("demand", check.rule().demand())
                .put("check", check.name())
                .put("message", check.message());
    }

    private static void reason(Json json, CheckResult check) {
        json.put("rule", check.rule().number())
                .put("check", check.name())
                .put("reason", check.message());
    }

    private static void rule(Json json, RuleResult result) {
        json.put("rule", result.rule().number())
                .put("requirement", result.rule().status())
                .put("demand", result.rule().demand())
                .put("status", word(result.status()))
                .put("passed", result.count(Status.PASSED))
                .put("failed", result.count(Status.FAILED))
                .put("skipped", result.count(Status.SKIPPED))
                .put("duration_ms", result.time().toMillis());
    }

    private static String word(Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    static void print(ConformanceReport report, PrintWriter out) {
        Table table = new Table("rule", "result", "passed>", "failed>", "skipped>", "demand");
        for (RuleResult result : report.rules()) {
            table.row(
                    result.rule().number(),
                    word(result.status()),
                    result.count(Status.PASSED),
                    result.count(Status.FAILED),
                    result.count(Status.SKIPPED),
                    result.rule().status() + ": " + result.rule().demand());
        }
        table.print(out);
        for (Status status : List.of(Status.UNTESTED, Status.SKIPPED, Status.FAILED)) {
            List<CheckResult> checks = report.checks(status);
            if (!checks.isEmpty()) {
                out.println();
                out.println(word(status) + ":");
                checks.forEach(check -> print(check, out));
            }
        }
        out.println();
        out.println(
                Escapes.line(
                                report.description().isEmpty()
                                        ? report.backend()
                                        : report.description())
                        + ": "
                        + report.count(Status.PASSED)
                        + " passed, "
                        + report.count(Status.FAILED)
                        + " failed, "
                        + report.count(Status.SKIPPED)
                        + " skipped, "
                        + report.count(Status.UNTESTED)
                        + " untested");
        out.flush();
    }

    private static void print(CheckResult check, PrintWriter out) {
        String of = check.name().isEmpty() ? "" : " (" + check.name() + ")";
        String message = Escapes.lines(check.message()).replace("\n", "\n    ");
        out.println("  " + check.rule().number() + Escapes.line(of) + ": " + message);
    }
}
