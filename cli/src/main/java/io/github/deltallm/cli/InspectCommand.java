package io.github.deltallm.cli;

import io.github.deltallm.engine.gguf.GgufFile;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code inspect}: what is in a model file, whether or not anything installed can run it. */
@CommandLine.Command(
        name = "inspect",
        sortOptions = false,
        description = "Tells what is in a GGUF file.")
final class InspectCommand extends Command implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "The GGUF file; the embedded SmolLM2-135M-Instruct where none is given.")
    private @Nullable Path model;

    @Option(names = "--tensors", description = "List every tensor.")
    private boolean tensors;

    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    InspectCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        try (GgufFile file = GgufFile.open(ModelFile.orEmbedded(model))) {
            Inspection inspection = Inspection.of(file);
            if (format.json()) {
                Json.print(
                        streams().out(),
                        json -> new InspectionJson(inspection).write(json, tensors));
            } else {
                new InspectionText(inspection).print(streams().out(), tensors);
            }
        }
        return Failures.DONE;
    }
}
