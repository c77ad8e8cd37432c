package io.github.deltallm.conformance.tests.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.conformance.tests.Rule;
import io.github.deltallm.conformance.tests.run.CheckResult.Status;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

class JUnitXmlTest {
    private static final Rule RULE = Rule.ofBackends().getFirst();

    private static CheckResult check(String name, Status status, String message) {
        return new CheckResult(RULE, name, status, message, Duration.ofMillis(1500));
    }

    private static final ConformanceReport REPORT =
            new ConformanceReport(
                    "cpu",
                    "cpu",
                    List.of(),
                    List.of(
                            check("", Status.PASSED, ""),
                            check("a < b & \"c\"", Status.FAILED, "first\nsecond \u0007"),
                            check("d", Status.SKIPPED, "no\nway"),
                            check("e", Status.UNTESTED, "nobody knows")),
                    Duration.ofSeconds(6));

    @Test
    void everyCheckIsATestCase() {
        String xml = JUnitXml.of(REPORT);
        assertThat(xml)
                .contains(
                        "<testsuites name=\"deltallm conformance cpu\" tests=\"4\" failures=\"1\""
                                + " errors=\"0\" skipped=\"2\" time=\"6.000\">",
                        "<testsuite name=\"KRN\" tests=\"4\" failures=\"1\" errors=\"0\""
                                + " skipped=\"2\" time=\"6.000\">",
                        "classname=\"cpu.KRN\" name=\"KRN-01 "
                                + RULE.demand()
                                + "\" time=\"1.500\"/>",
                        "<skipped message=\"untested: nobody knows\"/>");
    }

    @Test
    void whateverIsSaidIsEscaped() {
        assertThat(JUnitXml.of(REPORT))
                .contains(
                        RULE.demand() + ": a &lt; b &amp; &quot;c&quot;\"",
                        "<failure message=\"first\">first\nsecond \uFFFD</failure>",
                        "<skipped message=\"no&#10;way\"/>")
                .doesNotContain("\u0007");
    }
}
