package io.github.deltallm.conformance.tests.run;

import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A report in the XML that build servers read from JUnit: a test suite for each group of rules, a
 * test case for each check. What is untested is skipped there, with its reason.
 */
public final class JUnitXml {
    private JUnitXml() {}

    /** The document. */
    public static String of(ConformanceReport report) {
        Map<String, List<CheckResult>> groups =
                report.checks().stream()
                        .collect(
                                Collectors.groupingBy(
                                        check -> check.rule().group(),
                                        LinkedHashMap::new,
                                        Collectors.toList()));
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        String name = "deltallm conformance " + report.backend();
        xml.append(open("testsuites", name, report.checks(), report.time())).append(">\n");
        groups.forEach((group, checks) -> {
            Duration time =
                    checks.stream().map(CheckResult::time).reduce(Duration.ZERO, Duration::plus);
            xml.append("  ").append(open("testsuite", group, checks, time)).append(">\n");
            checks.forEach(check -> xml.append(testCase(report.backend(), check)));
            xml.append("  </testsuite>\n");
        });
        return xml.append("</testsuites>\n").toString();
    }

    private static String open(String tag, String name, List<CheckResult> checks, Duration time) {
        Map<Status, Long> counts =
                new TreeMap<>(
                        checks.stream()
                                .collect(
                                        Collectors.groupingBy(
                                                CheckResult::status, Collectors.counting())));
        long skipped =
                counts.getOrDefault(Status.SKIPPED, 0L) + counts.getOrDefault(Status.UNTESTED, 0L);
        return "<"
                + tag
                + attribute("name", name)
                + attribute("tests", "" + checks.size())
                + attribute("failures", "" + counts.getOrDefault(Status.FAILED, 0L))
                + attribute("errors", "0")
                + attribute("skipped", "" + skipped)
                + attribute("time", seconds(time));
    }

    private static String testCase(String backend, CheckResult check) {
        String rule = check.rule().number() + " " + check.rule().demand();
        String name = check.name().isEmpty() ? rule : rule + ": " + check.name();
        String open =
                "    <testcase"
                        + attribute("classname", backend + "." + check.rule().group())
                        + attribute("name", name)
                        + attribute("time", seconds(check.time()));
        return switch (check.status()) {
            case PASSED -> open + "/>\n";
            case FAILED ->
                    open
                            + ">\n      <failure"
                            + attribute("message", check.message().lines().findFirst().orElse(""))
                            + ">"
                            + escaped(check.message())
                            + "</failure>\n    </testcase>\n";
            case SKIPPED -> open + skipped(check.message());
            case UNTESTED -> open + skipped("untested: " + check.message());
        };
    }

    private static String skipped(String why) {
        return ">\n      <skipped" + attribute("message", why) + "/>\n    </testcase>\n";
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.3f", time.toNanos() / 1e9);
    }

    private static String attribute(String name, String value) {
        return " " + name + "=\"" + escaped(value).replace("\n", "&#10;") + "\"";
    }

    /** XML has no way at all to write most control characters. */
    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '<' -> escaped.append("&lt;");
                        case '>' -> escaped.append("&gt;");
                        case '&' -> escaped.append("&amp;");
                        case '"' -> escaped.append("&quot;");
                        case '\n', '\t' -> escaped.append((char) c);
                        default -> {
                            boolean surrogate =
                                    c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
                            boolean none =
                                    Character.isISOControl(c)
                                            || surrogate
                                            || c == 0xFFFE
                                            || c == 0xFFFF;
                            escaped.appendCodePoint(none ? 0xFFFD : c);
                        }
                    }
                });
        return escaped.toString();
    }
}
