package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Providers are listed twice: in {@code module-info} for the module path, in {@code
 * META-INF/services} for the class path. Both lists must be the same, or half of the users miss
 * something.
 */
class ServiceListingTest {
    private static final String SERVICES = "META-INF/services/";

    @Test
    void bothListsAreTheSameInEveryModule() {
        for (ModuleReference module : BuiltModules.all()) {
            assertThat(onClassPath(module))
                    .as("META-INF/services of %s", module)
                    .isEqualTo(onModulePath(module));
        }
    }

    @Test
    void theListsAreNotAllEmpty() {
        Map<String, Set<String>> all = everywhere();
        assertThat(all.keySet())
                .contains(
                        "io.github.deltallm.api.spi.AttentionProvider",
                        "io.github.deltallm.api.spi.BackendProvider",
                        "io.github.deltallm.api.spi.ModelFamilyProvider");
        assertThat(all.get("io.github.deltallm.api.spi.BackendProvider"))
                .hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void serviceLoaderFindsTheSameOnTheClassPath() throws ClassNotFoundException {
        for (Map.Entry<String, Set<String>> service : everywhere().entrySet()) {
            Set<String> found =
                    ServiceLoader.load(Class.forName(service.getKey())).stream()
                            .map(provider -> provider.type().getName())
                            .filter(name -> name.startsWith(BuiltModules.PREFIX))
                            .collect(Collectors.toCollection(TreeSet::new));
            assertThat(found).as("%s", service.getKey()).isEqualTo(service.getValue());
        }
    }

    @Test
    void aForgottenListIsCaught(@TempDir Path folder) throws IOException {
        Path sources = folder.resolve("sources");
        CompiledSources.write(
                sources,
                "module-info.java",
                """
                module planted {
                    uses java.lang.Runnable;
                    provides java.lang.Runnable with planted.One, planted.Two;
                }
                """);
        for (String name : List.of("One", "Two")) {
            CompiledSources.write(
                    sources,
                    name + ".java",
                    """
                    package planted;
                    public class %s implements Runnable { @Override public void run() {} }
                    """
                            .formatted(name));
        }
        Path classes = folder.resolve("classes");
        CompiledSources.asModule(sources, classes, List.of());
        CompiledSources.write(classes, SERVICES + "java.lang.Runnable", "planted.One # one only\n");
        ModuleReference module = ModuleFinder.of(classes).find("planted").orElseThrow();

        assertThat(onModulePath(module))
                .isEqualTo(Map.of("java.lang.Runnable", Set.of("planted.One", "planted.Two")));
        assertThat(onClassPath(module))
                .isEqualTo(Map.of("java.lang.Runnable", Set.of("planted.One")));
    }

    /** Providers by service in the {@code module-info}s of all modules. */
    private static Map<String, Set<String>> everywhere() {
        Map<String, Set<String>> all = new TreeMap<>();
        for (ModuleReference module : BuiltModules.all()) {
            onModulePath(module)
                    .forEach((service, providers) ->
                            all.computeIfAbsent(service, key -> new TreeSet<>()).addAll(providers));
        }
        return all;
    }

    private static Map<String, Set<String>> onModulePath(ModuleReference module) {
        return module.descriptor().provides().stream()
                .collect(
                        Collectors.toMap(
                                ModuleDescriptor.Provides::service,
                                provides -> new TreeSet<>(provides.providers()),
                                (one, other) -> one,
                                TreeMap::new));
    }

    private static Map<String, Set<String>> onClassPath(ModuleReference module) {
        try (ModuleReader reader = module.open();
                Stream<String> names = reader.list()) {
            Map<String, Set<String>> services = new TreeMap<>();
            for (String name : names.toList()) {
                if (name.startsWith(SERVICES) && !name.endsWith("/")) {
                    services.put(name.substring(SERVICES.length()), providers(reader, name));
                }
            }
            return services;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> providers(ModuleReader reader, String name) throws IOException {
        try (var in = reader.open(name).orElseThrow()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
