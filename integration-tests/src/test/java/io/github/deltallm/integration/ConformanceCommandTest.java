package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import javax.xml.parsers.DocumentBuilderFactory;

/** {@code deltallm conformance}, in a JVM of its own, on the module path and on the class path. */
class ConformanceCommandTest {
    private static final String MAIN = "io.github.deltallm.cli.Main";

    @TempDir private static Path folder;
    private static Path troubled;

    @BeforeAll
    static void compile() throws IOException {
        Path sources = Path.of("src/test/resources/plugins/troubled-backend").toAbsolutePath();
        troubled = folder.resolve("troubled-backend");
        CompiledSources.asModule(sources, troubled, List.of(BuiltModules.location("api")));
        Path services = Path.of("META-INF/services/io.github.deltallm.api.spi.BackendProvider");
        Files.createDirectories(troubled.resolve(services).getParent());
        Files.copy(sources.resolve(services), troubled.resolve(services));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSoundBackendPasses(boolean modules) throws Exception {
        ForkedJvm.Ended ended =
                run(
                        modules,
                        "--backend",
                        "cpu",
                        "--rules",
                        "KRN-10,KRN-20,ERR-01,ERR-90,ERR-91,STR",
                        "--attention",
                        "dense:keys=bf16",
                        "--attention",
                        "delta:theta=0.5,window=9",
                        "--format",
                        "json");
        assertThat(ended.exit()).as("exit code; standard error: %s", ended.err()).isZero();
        JsonNode report = new JsonMapper().readTree(ended.out());
        assertThat(report.get("failed").asInt()).isZero();
        assertThat(report.get("passed").asInt()).isGreaterThan(80);
        assertThat(report.get("untested").asInt()).isEqualTo(2);
        assertThat(report.get("failures").isEmpty()).isTrue();
        assertThat(report.get("description").asString()).contains("cpu");
        assertThat(report.get("attentions").size()).isEqualTo(2);
        assertThat(statuses(report))
                .containsEntry("KRN-10", "passed")
                .containsEntry("ERR-90", "untested")
                .containsEntry("STR-11", "passed")
                .containsEntry("STR-12", "passed")
                .doesNotContainKey("KRN-02");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void crashesHangsAndErrorsAreFailuresOfTheirRulesAlone(boolean modules) throws Exception {
        Path xml = folder.resolve("report-" + modules + ".xml");
        ForkedJvm.Ended ended =
                run(
                        modules,
                        "--backend",
                        "troubled",
                        "--rules",
                        "KRN-10,KRN-14,KRN-16,KVC-01,DLT-01",
                        "--time-limit",
                        "10",
                        "--junit",
                        xml.toString(),
                        "--format",
                        "json");
        assertThat(ended.exit()).isEqualTo(1);
        assertThat(ended.err().strip().lines()).hasSize(1);
        assertThat(ended.err()).contains("'troubled'", "KRN-10, KRN-14, KRN-16");
        JsonNode report = new JsonMapper().readTree(ended.out());
        assertThat(statuses(report))
                .isEqualTo(
                        Map.of(
                                "KRN-10", "failed",
                                "KRN-14", "failed",
                                "KRN-16", "failed",
                                "KVC-01", "passed",
                                "DLT-01", "skipped"));
        assertThat(message(report, "KRN-10"))
                .contains("rmsNorm of 1 rows, 1 wide, row 0, column 0");
        assertThat(message(report, "KRN-14"))
                .contains("exit code 134", "the driver has lost the device");
        assertThat(message(report, "KRN-16"))
                .contains("did not end within 10 seconds", "waitForever");
        assertThat(report.get("skips").get(0).get("reason").asString())
                .contains("does not declare the capability 'delta'");
        assertReport(xml, report);
    }

    @Test
    void aBackendThatCrashesWhenItIsOpenedFailsItsRules() throws Exception {
        ForkedJvm.Ended ended =
                run(
                        true,
                        "--backend",
                        "troubled",
                        "--device",
                        "lost",
                        "--rules",
                        "KRN-10,KVC-01",
                        "--format",
                        "json");
        assertThat(ended.exit()).isEqualTo(1);
        JsonNode report = new JsonMapper().readTree(ended.out());
        assertThat(statuses(report)).isEqualTo(Map.of("KRN-10", "failed", "KVC-01", "failed"));
        assertThat(message(report, "KVC-01")).contains("exit code 139", "a driver's words");
    }

    /** Every check is a test case, and what is skipped has its reason. */
    private static void assertReport(Path file, JsonNode report) throws Exception {
        Document xml =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
        NodeList cases = xml.getElementsByTagName("testcase");
        int all = 0;
        for (String status : List.of("passed", "failed", "skipped", "untested")) {
            all += report.get(status).asInt();
        }
        assertThat(cases.getLength()).isEqualTo(all);
        assertThat(xml.getElementsByTagName("failure").getLength())
                .isEqualTo(report.get("failed").asInt());
        NodeList skipped = xml.getElementsByTagName("skipped");
        assertThat(skipped.getLength()).isEqualTo(report.get("skipped").asInt());
        assertThat(skipped.item(0).getAttributes().getNamedItem("message").getNodeValue())
                .contains("'delta'");
    }

    @Test
    void textNamesEveryRuleAndEveryReason() throws Exception {
        ForkedJvm.Ended ended =
                run(true, "--backend", "troubled", "--rules", "KRN-10,KVC-01,DLT-01,ERR-90");
        assertThat(ended.exit()).isEqualTo(1);
        assertThat(ended.out())
                .containsPattern("KRN-10 +failed .*rmsNorm equals its formula")
                .containsPattern("KVC-01 +passed ")
                .containsPattern("DLT-01 +skipped ")
                .contains("does not declare the capability 'delta'")
                .contains("no portable way")
                .contains(": 1 passed, 8 failed, 1 skipped, 1 untested");
    }

    private static Map<String, String> statuses(JsonNode report) {
        Map<String, String> statuses = new TreeMap<>();
        report.get("rules")
                .forEach(rule ->
                        statuses.put(rule.get("rule").asString(), rule.get("status").asString()));
        return statuses;
    }

    private static String message(JsonNode report, String rule) {
        return report.get("failures")
                .valueStream()
                .filter(failure -> failure.get("rule").asString().equals(rule))
                .map(failure -> failure.get("message").asString())
                .findFirst()
                .orElse("none");
    }

    private static ForkedJvm.Ended run(boolean modules, String... options)
            throws IOException, InterruptedException {
        List<Path> path = new ArrayList<>(BuiltModules.neededToRun("cli"));
        path.add(troubled);
        String joined = CompiledSources.join(path);
        List<String> command =
                new ArrayList<>(
                        modules
                                ? List.of("-p", joined, "-m", "io.github.deltallm.cli/" + MAIN)
                                : List.of(
                                        "--add-modules",
                                        "jdk.incubator.vector",
                                        "-cp",
                                        joined,
                                        MAIN));
        command.add("conformance");
        command.addAll(List.of(options));
        return ForkedJvm.run(command);
    }
}
