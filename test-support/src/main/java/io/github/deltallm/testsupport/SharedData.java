package io.github.deltallm.testsupport;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds the files that tests read but that are not part of the sources. A test whose file is not
 * there is skipped; {@link SkippedTests} says so.
 */
public final class SharedData {

    private SharedData() {}

    /**
     * A file or folder below {@code shared}, the folder beside the repository's root (or the one
     * that the system property {@code deltallm.shared} names).
     *
     * @param relative its path below {@code shared}, such as {@code models/stories260K-f32.gguf}
     */
    public static Path require(String relative) {
        String told = System.getProperty("deltallm.shared");
        Path shared = told != null ? Path.of(told) : repositoryRoot().resolveSibling("shared");
        return orSkip(shared.resolve(relative));
    }

    /** The model that the repository embeds and that the command line uses by default. */
    public static Path embeddedModel() {
        return orSkip(repositoryRoot().resolve("models/SmolLM2-135M-Instruct.Q4_1.gguf"));
    }

    /**
     * The repository's root: the system property {@code deltallm.root}, which the build sets, else
     * (in an IDE) the nearest folder above the working directory that has a {@code .mvn}.
     */
    public static Path repositoryRoot() {
        String told = System.getProperty("deltallm.root");
        if (told != null) {
            return Path.of(told).normalize();
        }
        for (Path folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve(".mvn"))) {
                return folder;
            }
        }
        throw new IllegalStateException(
                "No folder above "
                        + Path.of("").toAbsolutePath()
                        + " is the repository's root; set the system property deltallm.root.");
    }

    private static Path orSkip(Path needed) {
        Path path = needed.normalize();
        if (Files.exists(path)) {
            return path;
        }
        return abort("needs " + path + ", which is not there");
    }
}
