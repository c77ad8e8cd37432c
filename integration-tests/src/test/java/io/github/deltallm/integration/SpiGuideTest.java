package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The code of {@code docs/spi-guide.md} compiles, runs and passes its own tests. */
class SpiGuideTest {
    private static final String MAIN = "io.github.deltallm.cli.Main";
    private static final Pattern FILE =
            Pattern.compile("<!-- file: (\\S+) -->\n```\\w*\n(.*?)```\n", Pattern.DOTALL);

    @TempDir private static Path folder;
    private static Path plugin;
    private static Path tests;

    @BeforeAll
    static void compile() throws IOException {
        String guide = Files.readString(SharedData.repositoryRoot().resolve("docs/spi-guide.md"));
        plugin = folder.resolve("plugin");
        tests = folder.resolve("tests");
        Path sources = folder.resolve("sources");
        Path testSources = folder.resolve("test-sources");
        Matcher file = FILE.matcher(guide);
        while (file.find()) {
            String name = file.group(1);
            Path place =
                    name.startsWith("META-INF")
                            ? plugin
                            : name.endsWith("Test.java") ? testSources : sources;
            CompiledSources.write(place, name, file.group(2));
        }
        CompiledSources.asModule(sources, plugin, List.of(BuiltModules.location("api")));
        List<Path> path = new ArrayList<>(List.of(plugin));
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .map(Path::of)
                .forEach(path::add);
        CompiledSources.onClassPath(testSources, tests, path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pyramid", "pyramid:bottom=8,top=2,sinks=1"})
    void itSaysTheSameOnEveryBackendAndOnEitherPath(String spec) throws Exception {
        JsonNode reference = generate(true, "reference", spec);
        assertThat(reference.get("attention").asString()).startsWith("pyramid:bottom=");
        assertThat(reference.get("ids").size()).isEqualTo(48);
        assertThat(generate(true, "cpu", spec).get("ids")).isEqualTo(reference.get("ids"));
        assertThat(generate(false, "cpu", spec).get("ids")).isEqualTo(reference.get("ids"));
    }

    @Test
    void aSmallWindowSkipsMostScores() throws Exception {
        JsonNode result = generate(false, "reference", "pyramid:bottom=8,top=2,sinks=1");
        assertThat(result.get("sparsity").get("skipped_mac_fraction").asDouble())
                .isBetween(0.5, 0.95);
    }

    @Test
    void itsConformanceTestPasses() throws Exception {
        URL[] classes = {plugin.toUri().toURL(), tests.toUri().toURL()};
        try (URLClassLoader loader =
                new URLClassLoader(classes, SpiGuideTest.class.getClassLoader())) {
            SummaryGeneratingListener results = new SummaryGeneratingListener();
            LauncherFactory.create(
                            LauncherConfig.builder()
                                    .enableTestExecutionListenerAutoRegistration(false)
                                    .build())
                    .execute(
                            LauncherDiscoveryRequestBuilder.request()
                                    .selectors(
                                            selectClass(
                                                    loader.loadClass(
                                                            "org.example.pyramid"
                                                                    + ".PyramidConformanceTest")))
                                    .build(),
                            results);
            TestExecutionSummary summary = results.getSummary();
            assertThat(summary.getFailures())
                    .extracting(failure -> failure.getException().toString())
                    .isEmpty();
            assertThat(summary.getTestsSucceededCount()).isGreaterThan(20);
            assertThat(summary.getTestsAbortedCount()).isZero();
        }
    }

    private static JsonNode generate(boolean modules, String backend, String spec)
            throws IOException, InterruptedException {
        List<Path> path = new ArrayList<>(BuiltModules.neededToRun("cli"));
        path.add(plugin);
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
        String model = SharedData.require("models/stories260K-f32.gguf").toString();
        command.addAll(List.of("generate", "--model", model, "--raw", "--format", "json"));
        command.addAll(List.of("--temperature", "0", "--max-tokens", "48"));
        command.addAll(List.of("--backend", backend, "--attention", spec, "Once upon a time"));
        ForkedJvm.Ended ended = ForkedJvm.run(command);
        assertThat(ended.exit()).as("exit code; standard error: %s", ended.err()).isZero();
        return new JsonMapper().readTree(ended.out());
    }
}
