package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.lang.ArchRule;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/**
 * Checks the {@link ArchitectureRules} on every module, and every rule on a class that breaks it.
 */
class ArchitectureTest {
    /** A class that breaks a rule. Package and name are taken from its text. */
    private record Planted(String rule, String source) {}

    private static final List<Planted> PLANTED =
            List.of(
                    new Planted(
                            "API_NEEDS_JAVA_BASE_ONLY",
                            """
                            package io.github.deltallm.api.planted;
                            class UsesAnotherModuleOfTheJdk { java.net.http.HttpClient client; }
                            """),
                    new Planted(
                            "API_NEEDS_JAVA_BASE_ONLY",
                            """
                            package io.github.deltallm.api.spi;
                            class UsesTheEngine { io.github.deltallm.engine.Providers providers; }
                            """),
                    new Planted(
                            "ENGINE_KNOWS_THE_API_ONLY",
                            """
                            package io.github.deltallm.engine.planted;
                            class NamesABackend {
                                Object open() {
                                    return new io.github.deltallm.backend.reference.ReferenceProvider();
                                }
                            }
                            """),
                    new Planted(
                            "PROVIDERS_KNOW_THE_API_ONLY",
                            """
                            package io.github.deltallm.backend.cpu.planted;
                            class NamesAnotherBackend
                                    extends java.util.ArrayList<
                                            io.github.deltallm.backend.reference.ReferenceProvider> {}
                            """),
                    new Planted(
                            "PROVIDERS_KNOW_THE_API_ONLY",
                            """
                            package io.github.deltallm.models.llama.planted;
                            class NamesTheEngine {
                                void load() { io.github.deltallm.engine.Providers.installed(); }
                            }
                            """),
                    new Planted(
                            "PROVIDERS_KNOW_THE_API_ONLY",
                            """
                            package io.github.deltallm.attention.planted;
                            class NamesAModelFamily {
                                io.github.deltallm.models.llama.LlamaFamilyProvider[] families;
                            }
                            """),
                    new Planted(
                            "PROVIDERS_KNOW_THE_API_ONLY",
                            """
                            package io.github.deltallm.models.bitnet.planted;
                            class NamesAnotherFamily {
                                io.github.deltallm.models.llama.LlamaFamilyProvider family;
                            }
                            """),
                    new Planted(
                            "CALIBRATION_KNOWS_THE_ENGINE",
                            """
                            package io.github.deltallm.calibration.planted;
                            class NamesABackend {
                                io.github.deltallm.backend.reference.ReferenceProvider backend;
                            }
                            """),
                    new Planted(
                            "EVALUATION_KNOWS_THE_ENGINE",
                            """
                            package io.github.deltallm.evaluation.planted;
                            class NamesAnAttention {
                                io.github.deltallm.attention.delta.DeltaAttentionProvider attention;
                            }
                            """),
                    new Planted(
                            "CONFORMANCE_KNOWS_THE_REFERENCE",
                            """
                            package io.github.deltallm.conformance.tests.planted;
                            class NamesAModelFamily {
                                io.github.deltallm.models.llama.LlamaFamilyProvider family;
                            }
                            """),
                    new Planted(
                            "NOBODY_USES_THE_COMMAND_LINE",
                            """
                            package io.github.deltallm.examples.planted;
                            class CallsTheCommandLine { io.github.deltallm.cli.planted.Command command; }
                            """),
                    new Planted(
                            "ONLY_MAIN_ENDS_THE_JVM",
                            """
                            package io.github.deltallm.cli.planted;
                            class Exits { void exit() { System.exit(1); } }
                            """),
                    new Planted(
                            "ONLY_MAIN_ENDS_THE_JVM",
                            """
                            package io.github.deltallm.engine.planted;
                            class Halts { void halt() { Runtime.getRuntime().halt(1); } }
                            """),
                    new Planted(
                            "LIBRARIES_DO_NOT_PRINT",
                            """
                            package io.github.deltallm.engine.planted;
                            class Prints { void print() { System.out.println(); } }
                            """),
                    new Planted(
                            "LIBRARIES_DO_NOT_PRINT",
                            """
                            package io.github.deltallm.backend.cpu.planted;
                            class PrintsStackTraces { void print(Exception e) { e.printStackTrace(); } }
                            """),
                    new Planted(
                            "LIBRARIES_NEED_NO_LOGGING_MODULE",
                            """
                            package io.github.deltallm.engine.planted;
                            class Logs { java.util.logging.Logger log; }
                            """),
                    new Planted(
                            "LIBRARIES_HAVE_NO_MUTABLE_STATICS",
                            """
                            package io.github.deltallm.backend.reference.planted;
                            class Counts { private static int calls; int call() { return ++calls; } }
                            """));

    private static final String COMMAND =
            """
            package io.github.deltallm.cli.planted;
            public class Command {}
            """;

    @Test
    void everyModuleOfTheRepositoryIsChecked() {
        assertThat(names()).containsAll(BuiltModules.inSources(SharedData.repositoryRoot()));
        JavaClasses classes = built();
        for (String module : names()) {
            assertThat(
                            classes.stream()
                                    .map(JavaClass::getPackageName)
                                    .filter(name -> name.startsWith(module))
                                    .distinct())
                    .as("packages of %s", module)
                    .isNotEmpty();
        }
    }

    @TestFactory
    Stream<DynamicTest> theBuildFollows() {
        JavaClasses classes = built();
        return new TreeMap<>(ArchitectureRules.ALL)
                .entrySet().stream()
                        .map(rule ->
                                DynamicTest.dynamicTest(
                                        rule.getKey(), () -> rule.getValue().check(classes)));
    }

    @TestFactory
    Stream<DynamicTest> aPlantedViolationIsCaught(@TempDir Path folder) {
        return PLANTED.stream()
                .map(planted ->
                        DynamicTest.dynamicTest(
                                planted.rule() + ": " + name(planted.source()),
                                () -> violationIsCaught(planted, folder)));
    }

    @Test
    void everyRuleHasAPlantedViolation() {
        assertThat(PLANTED.stream().map(Planted::rule).distinct())
                .containsExactlyInAnyOrderElementsOf(ArchitectureRules.ALL.keySet());
    }

    @Test
    void packagesLieBelowTheModulesName() {
        for (ModuleReference module : BuiltModules.all()) {
            assertThat(packagesElsewhere(module.descriptor())).as("%s", module).isEmpty();
        }
    }

    @Test
    void aPackageElsewhereIsCaught(@TempDir Path folder) throws IOException {
        ModuleDescriptor module =
                plantedModule(
                        folder,
                        "module io.github.deltallm.backend.planted {}",
                        "package io.github.deltallm.backend.other; class Misplaced {}");
        assertThat(packagesElsewhere(module)).containsExactly("io.github.deltallm.backend.other");
    }

    @Test
    void providersExportNothing() {
        for (ModuleReference module : BuiltModules.all()) {
            assertThat(exportsOfAProvider(module.descriptor())).as("%s", module).isEmpty();
        }
    }

    @Test
    void anExportingProviderIsCaught(@TempDir Path folder) throws IOException {
        ModuleDescriptor module =
                plantedModule(
                        folder,
                        """
                        module io.github.deltallm.models.planted {
                            exports io.github.deltallm.models.planted;
                        }
                        """,
                        "package io.github.deltallm.models.planted; public class Shown {}");
        assertThat(exportsOfAProvider(module)).containsExactly("io.github.deltallm.models.planted");
    }

    private static void violationIsCaught(Planted planted, Path folder) throws IOException {
        String name = name(planted.source());
        Path sources = folder.resolve(name).resolve("sources");
        Path classes = folder.resolve(name).resolve("classes");
        CompiledSources.write(sources, name + ".java", planted.source());
        CompiledSources.write(sources, "Command.java", COMMAND);
        CompiledSources.onClassPath(
                sources, classes, BuiltModules.all().stream().map(BuiltModules::location).toList());
        JavaClasses imported = new ClassFileImporter().importPath(classes);
        ArchRule rule = ArchitectureRules.ALL.get(planted.rule());
        try {
            rule.check(imported);
        } catch (AssertionError caught) {
            assertThat(caught).hasMessageContaining(name);
            return;
        }
        fail(planted.rule() + " does not see that " + name + " breaks it");
    }

    /** Packages of a module that do not lie below its name. */
    private static List<String> packagesElsewhere(ModuleDescriptor module) {
        return module.packages().stream()
                .filter(name -> !(name + ".").startsWith(module.name() + "."))
                .sorted()
                .toList();
    }

    /** What a module of a backend, model family or attention strategy exports to everybody. */
    private static List<String> exportsOfAProvider(ModuleDescriptor module) {
        String kind = module.name().substring(BuiltModules.PREFIX.length()).split("\\.", -1)[0];
        return List.of("backend", "models", "attention").contains(kind)
                ? module.exports().stream()
                        .filter(exported -> !exported.isQualified())
                        .map(ModuleDescriptor.Exports::source)
                        .toList()
                : List.of();
    }

    private static ModuleDescriptor plantedModule(Path folder, String module, String source)
            throws IOException {
        Path sources = folder.resolve("sources");
        Path classes = folder.resolve("classes");
        CompiledSources.write(sources, "module-info.java", module);
        CompiledSources.write(sources, name(source) + ".java", source);
        CompiledSources.asModule(sources, classes, List.of());
        return ModuleFinder.of(classes).findAll().iterator().next().descriptor();
    }

    /** The name of the class in a source text. */
    private static String name(String source) {
        List<String> words = Arrays.asList(source.split("\\s+", -1));
        return words.get(words.indexOf("class") + 1);
    }

    private static List<String> names() {
        return BuiltModules.all().stream().map(module -> module.descriptor().name()).toList();
    }

    private static JavaClasses built() {
        List<Location> locations = new ArrayList<>();
        for (ModuleReference module : BuiltModules.all()) {
            locations.add(location(BuiltModules.location(module)));
        }
        return new ClassFileImporter().importLocations(locations);
    }

    private static Location location(Path module) {
        if (Files.isDirectory(module)) {
            return Location.of(module);
        }
        try (JarFile jar = new JarFile(module.toFile())) {
            return Location.of(jar);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
