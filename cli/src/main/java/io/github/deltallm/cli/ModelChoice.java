package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Providers;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The options of every command that runs a model. */
final class ModelChoice {
    @Option(
            names = "--model",
            paramLabel = "PATH",
            description = "The GGUF file; the embedded SmolLM2-135M-Instruct where none is given.")
    private @Nullable Path model;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "Where it computes: auto, or one that 'deltallm backends' lists (default:"
                            + " ${DEFAULT-VALUE}).")
    private String backend = ModelOptions.DEFAULT.backend();

    @Option(
            names = "--device",
            paramLabel = "NAME",
            description = "One of the backend's devices, where it has several.")
    private @Nullable String device;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "CPU threads (default: the number of physical cores).")
    private int threads = ModelOptions.DEFAULT.threads();

    @Option(
            names = "--context",
            paramLabel = "N",
            description = "The longest sequence, in tokens (default: what the model allows).")
    private int context = ModelOptions.DEFAULT.context();

    @Option(
            names = "--chunk",
            paramLabel = "N",
            description =
                    "Tokens of a prompt that are computed at a time (default: ${DEFAULT-VALUE}).")
    private int chunk = ModelOptions.DEFAULT.chunk();

    @Option(
            names = "--precision",
            paramLabel = "KIND",
            converter = Words.Exactness.class,
            defaultValue = "fast",
            description =
                    "fast, or f32 for comparisons: fp32 activations, exact keys and values in fp32"
                            + " (default: ${DEFAULT-VALUE}).")
    private Precision precision = ModelOptions.DEFAULT.precision();

    /** The options as the engine takes them. */
    ModelOptions options() {
        return new ModelOptions(
                backend, Optional.ofNullable(device), threads, context, chunk, precision);
    }

    /** The number of CPU threads for reports. */
    int threads() {
        return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
    }

    /**
     * Takes a model that was named without {@code --model}.
     *
     * @throws InvalidOptionException if there is {@code --model} too
     */
    void named(Path path) {
        if (model != null) {
            throw new InvalidOptionException(
                    "two models are given, " + path + " and --model " + model + "; give one");
        }
        model = path;
    }

    Path path() {
        return ModelFile.orEmbedded(model);
    }

    /** Opens the model; the attentions that will be asked of it are checked before that. */
    Model open(Streams streams, List<AttentionSpec> attentions) {
        Providers providers = Plugins.found(streams);
        attentions.forEach(spec -> requireKnown(spec, providers));
        ModelOptions options = options();
        Path path = path();
        try (ProgressBar _ = ProgressBar.unmeasured(streams, "loading " + path.getFileName())) {
            return Model.open(path, options, providers);
        }
    }

    private static void requireKnown(AttentionSpec spec, Providers providers) {
        boolean automatic = spec.name().equals("auto");
        spec.requireKeys(automatic ? List.of() : providers.attention(spec.name()).settings());
    }
}
