package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;

/** Which model file a command is about. */
final class ModelFile {
    /** The system property in which the launcher tells the repository's root. */
    static final String HOME = "deltallm.home";

    private static final String EMBEDDED = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

    private ModelFile() {}

    /**
     * The file that was named, else the embedded one.
     *
     * @throws DeltaLlmException if it is not there
     */
    static Path orEmbedded(@Nullable Path named) {
        Path path = named == null ? embedded() : named;
        if (Files.isDirectory(path)) {
            throw new DeltaLlmException(
                    "the model " + path + " is a folder; give the path of a GGUF file");
        }
        if (!Files.exists(path)) {
            throw new DeltaLlmException("there is no model " + path + "; check the path");
        }
        if (!Files.isReadable(path)) {
            throw new DeltaLlmException(
                    "the model " + path + " can't be read; check its owner and mode");
        }
        return path;
    }

    private static Path embedded() {
        String home = System.getProperty(HOME);
        if (home == null) {
            throw new InvalidOptionException(
                    "no --model was given, and the embedded one is known only to the launcher"
                            + " script (it sets the system property "
                            + HOME
                            + ")");
        }
        return Path.of(home).resolve(EMBEDDED);
    }
}
