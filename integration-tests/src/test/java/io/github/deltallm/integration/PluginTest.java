package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A backend and an attention strategy written outside of this repository work by lying on the
 * module path or on the class path. Their sources are test resources; they are compiled here
 * against the api alone, and the program runs in a JVM of its own.
 */
class PluginTest {
    private static final String MAIN = "io.github.deltallm.cli.Main";
    private static final JsonMapper JSON = new JsonMapper();
    private static final String ATTENTION = "toy-attention";
    private static final String BACKEND = "toy-backend";

    @TempDir private static Path folder;

    /** Where the plugin lies. */
    enum Place {
        /** Everything on the module path. */
        MODULE_PATH,
        /** Everything on the class path; no {@code module-info} has a meaning. */
        CLASS_PATH,
        /** The plugin without a {@code module-info}, alone on the class path beside the modules. */
        CLASS_PATH_BESIDE_MODULES
    }

    @BeforeAll
    static void compile() throws IOException {
        for (String plugin : List.of(ATTENTION, BACKEND)) {
            Path sources = resource("plugins/" + plugin);
            List<Path> api = List.of(BuiltModules.location("api"));
            Path module = folder.resolve(plugin);
            CompiledSources.asModule(sources, module, api);
            copyServices(sources, module);
            Path plain = folder.resolve(plugin + "-plain");
            Path packages = copy(sources.resolve("org"), folder.resolve(plugin + "-sources/org"));
            CompiledSources.onClassPath(packages, plain, api);
            copyServices(sources, plain);
        }
    }

    @ParameterizedTest
    @EnumSource
    void attentionIsListedWithItsOrigin(Place place) throws Exception {
        JsonNode list = json(run(place, List.of(ATTENTION), "attentions", "--format", "json"));
        assertListed(list, "toy", place == Place.MODULE_PATH ? "org.example.attention" : ATTENTION);
        assertThat(names(list)).contains("dense");
    }

    @ParameterizedTest
    @EnumSource
    void attentionReallyRuns(Place place) throws Exception {
        JsonNode result =
                json(
                        run(
                                place,
                                List.of(ATTENTION),
                                generate("--attention", "toy:window=8,sinks=1")));
        assertThat(result.get("attention").asString()).isEqualTo("toy:window=8,sinks=1");
        assertThat(result.get("ids").size()).isEqualTo(32);
        assertThat(result.get("sparsity").get("skipped_mac_fraction").asDouble())
                .isBetween(0.2, 0.95);
    }

    @ParameterizedTest
    @EnumSource
    void backendIsListedWithItsOrigin(Place place) throws Exception {
        JsonNode list = json(run(place, List.of(BACKEND), "backends", "--format", "json"));
        JsonNode toy =
                assertListed(
                        list, "toy", place == Place.MODULE_PATH ? "org.example.backend" : BACKEND);
        assertThat(toy.get("available").asBoolean()).isTrue();
        assertThat(toy.get("weight").asInt()).isEqualTo(2);
        assertThat(toy.get("devices").get(0).asString()).isEqualTo("toy device");
        assertThat(names(list)).contains("cpu", "reference");
    }

    @ParameterizedTest
    @EnumSource
    void backendReallyRuns(Place place) throws Exception {
        JsonNode toy = json(run(place, List.of(BACKEND), generate("--backend", "toy")));
        JsonNode plain = json(run(place, List.of(BACKEND), generate("--backend", "reference")));
        assertThat(toy.get("backend").asString()).contains("toy");
        assertThat(plain.get("backend").asString()).doesNotContain("toy");
        assertThat(toy.get("text").asString()).isEqualTo(plain.get("text").asString());
    }

    @Test
    void aWrongSettingOfAPluginListsTheRightOnes() throws Exception {
        ForkedJvm.Ended ended =
                run(Place.MODULE_PATH, List.of(ATTENTION), generate("--attention", "toy:size=8"));
        assertThat(ended.exit()).isNotZero();
        assertThat(ended.err()).contains("size").contains("window, sinks");
    }

    @Test
    void twoProvidersOfOneNameAreOneClearError() throws Exception {
        Path twin = folder.resolve("twin");
        plantAttention(twin, "Twin", "return \"toy\";", "");
        ForkedJvm.Ended ended =
                run(Place.CLASS_PATH, List.of(ATTENTION, "twin"), generate("--attention", "dense"));
        assertThat(ended.exit()).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines()).hasSize(1);
        assertThat(ended.err()).contains("'toy'").contains("twin").contains(ATTENTION);
    }

    @Test
    void aProviderThatDoesNotLoadLeavesTheOthersAlone() throws Exception {
        Path broken = folder.resolve("broken");
        plantAttention(
                broken,
                "Broken",
                "return \"broken\";",
                "public Broken() { throw new IllegalStateException(\"no such device\"); }");
        ForkedJvm.Ended ended =
                run(
                        Place.CLASS_PATH,
                        List.of("broken", ATTENTION),
                        "attentions",
                        "--format",
                        "json");
        assertThat(names(json(ended))).contains("dense", "toy").doesNotContain("broken");
        assertThat(ended.err()).contains("Broken", "no such device").doesNotContain("\tat ");
    }

    @Test
    void aProviderWhoseClassIsMissingLeavesTheOthersAlone() throws Exception {
        Path missing = folder.resolve("missing");
        CompiledSources.write(
                missing,
                "META-INF/services/io.github.deltallm.api.spi.BackendProvider",
                "org.example.NotThere\n");
        List<String> plugins = List.of("missing", BACKEND);
        ForkedJvm.Ended list = run(Place.CLASS_PATH, plugins, "backends", "--format", "json");
        assertThat(names(json(list))).contains("toy", "cpu", "reference");
        assertThat(list.err()).contains("org.example.NotThere").doesNotContain("\tat ");

        ForkedJvm.Ended toy = run(Place.CLASS_PATH, plugins, generate("--backend", "toy"));
        assertThat(json(toy).get("backend").asString()).contains("toy");

        ForkedJvm.Ended unknown =
                run(Place.CLASS_PATH, plugins, generate("--backend", "not-there"));
        assertThat(unknown.exit()).isNotZero();
        assertThat(unknown.err()).contains("'not-there'", "org.example.NotThere");
    }

    /** An attention strategy of package {@code planted}, which is never asked for a strategy. */
    private static void plantAttention(Path classes, String type, String name, String constructor)
            throws IOException {
        Path sources = classes.resolveSibling(classes.getFileName() + "-sources");
        CompiledSources.write(
                sources,
                type + ".java",
                """
                package planted;

                import io.github.deltallm.api.AttentionSpec;
                import io.github.deltallm.api.spi.*;
                import java.util.List;

                public class %s implements AttentionProvider {
                    %s
                    public String name() { %s }
                    public String description() { return "planted"; }
                    public List<String> settings() { return List.of(); }
                    public AttentionStrategy create(AttentionSpec spec, Context context) {
                        throw new UnsupportedOperationException();
                    }
                }
                """
                        .formatted(type, constructor, name));
        CompiledSources.onClassPath(sources, classes, List.of(BuiltModules.location("api")));
        CompiledSources.write(
                classes,
                "META-INF/services/io.github.deltallm.api.spi.AttentionProvider",
                "planted." + type + "\n");
    }

    private static String[] generate(String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "generate",
                                "--model",
                                SharedData.require("models/stories260K-f32.gguf").toString(),
                                "--raw",
                                "--temperature",
                                "0",
                                "--max-tokens",
                                "32",
                                "--format",
                                "json",
                                "Once upon a time"));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }

    /** Runs the command line with plugins, each of them at its place. */
    private static ForkedJvm.Ended run(Place place, List<String> plugins, String... arguments)
            throws IOException, InterruptedException {
        String program = CompiledSources.join(BuiltModules.neededToRun("cli"));
        String modules =
                CompiledSources.join(plugins.stream().map(name -> folder.resolve(name)).toList());
        String plain =
                CompiledSources.join(
                        plugins.stream().map(name -> folder.resolve(name + "-plain")).toList());
        String both = program + java.io.File.pathSeparator;
        List<String> command =
                new ArrayList<>(
                        switch (place) {
                            case MODULE_PATH ->
                                    List.of(
                                            "-p",
                                            both + modules,
                                            "-m",
                                            "io.github.deltallm.cli/" + MAIN);
                            case CLASS_PATH ->
                                    List.of(
                                            "--add-modules",
                                            "jdk.incubator.vector",
                                            "-cp",
                                            both + modules,
                                            MAIN);
                            case CLASS_PATH_BESIDE_MODULES ->
                                    List.of(
                                            "-p",
                                            program,
                                            "-cp",
                                            plain,
                                            "-m",
                                            "io.github.deltallm.cli/" + MAIN);
                        });
        command.addAll(List.of(arguments));
        return ForkedJvm.run(command);
    }

    private static JsonNode json(ForkedJvm.Ended ended) {
        assertThat(ended.exit()).as("exit code; standard error: %s", ended.err()).isZero();
        return JSON.readTree(ended.out());
    }

    private static JsonNode assertListed(JsonNode list, String name, String origin) {
        JsonNode entry =
                entries(list)
                        .filter(found -> found.get("name").asString().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError(name + " is not in " + list));
        assertThat(entry.toString()).contains(origin);
        return entry;
    }

    private static List<String> names(JsonNode list) {
        return entries(list).map(entry -> entry.get("name").asString()).toList();
    }

    /** The entries of a list, which may be the whole answer or its only field. */
    private static Stream<JsonNode> entries(JsonNode list) {
        JsonNode array = list.isArray() ? list : list.iterator().next();
        return array.valueStream();
    }

    private static Path resource(String name) {
        try {
            return Path.of(PluginTest.class.getClassLoader().getResource(name).toURI());
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void copyServices(Path sources, Path classes) throws IOException {
        copy(sources.resolve("META-INF"), classes.resolve("META-INF"));
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
        return to;
    }
}
