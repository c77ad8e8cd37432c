package io.github.deltallm.integration;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The modules of this build, as they lie on the class path of these tests: folders or jars. */
final class BuiltModules {
    static final String PREFIX = "io.github.deltallm.";

    /**
     * Folders that are not modules of every build: {@code backend-tornado} is one only where the
     * SDK of TornadoVM is, and what stands in for that has TornadoVM's names.
     */
    private static final Set<String> ELSEWHERE = Set.of("backend-tornado", "tornado-stand-in");

    private BuiltModules() {}

    /** All modules of this repository, by name. */
    static List<ModuleReference> all() {
        return finder().findAll().stream()
                .filter(module -> module.descriptor().name().startsWith(PREFIX))
                .sorted(Comparator.comparing(module -> module.descriptor().name()))
                .toList();
    }

    /** Names of the modules whose sources are in this repository. */
    static Set<String> inSources(Path repositoryRoot) {
        try (Stream<Path> folders = Files.list(repositoryRoot)) {
            Set<String> names = new TreeSet<>();
            folders.filter(folder -> Files.exists(folder.resolve("src/main/java/module-info.java")))
                    .map(folder -> folder.getFileName().toString())
                    .filter(folder -> !ELSEWHERE.contains(folder))
                    .map(folder -> PREFIX + folder.replace('-', '.'))
                    .forEach(names::add);
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where a module lies. */
    static Path location(ModuleReference module) {
        return Path.of(module.location().orElseThrow());
    }

    /** Where the module of this repository with a short name ({@code api}) lies. */
    static Path location(String shortName) {
        return location(finder().find(PREFIX + shortName).orElseThrow());
    }

    /**
     * What running a module takes: it, what it requires, and all providers of the services it uses.
     */
    static List<Path> neededToRun(String shortName) {
        return Configuration.resolveAndBind(
                        finder(),
                        List.of(ModuleLayer.boot().configuration()),
                        ModuleFinder.of(),
                        Set.of(PREFIX + shortName))
                .modules()
                .stream()
                .map(ResolvedModule::reference)
                .map(BuiltModules::location)
                .toList();
    }

    private static ModuleFinder finder() {
        Path[] path =
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                        .filter(entry -> !entry.isEmpty())
                        .map(Path::of)
                        .filter(BuiltModules::canBeModule)
                        .toArray(Path[]::new);
        return ModuleFinder.of(path);
    }

    /** Some jars of build tools can't be modules, not even automatic ones. */
    private static boolean canBeModule(Path entry) {
        try {
            return Files.exists(entry) && !ModuleFinder.of(entry).findAll().isEmpty();
        } catch (FindException e) {
            return false;
        }
    }
}
