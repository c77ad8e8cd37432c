package io.github.deltallm.cli;

import io.github.deltallm.api.spi.TensorType;
import io.github.deltallm.engine.convert.ConversionResult;
import io.github.deltallm.engine.convert.TernaryConversion;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code convert}: a model's ternary weights in another encoding. */
@CommandLine.Command(
        name = "convert",
        sortOptions = false,
        description = {
            "Writes a model again with the weights of its projections in another ternary type:"
                    + " attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up and ffn_down of"
                    + " every layer. All else is copied.",
            "From I2_S, TQ1_0 and TQ2_0 the weights stay what they are; TQ1_0 and TQ2_0 round"
                    + " scales to f16. From F32, F16 and BF16 they are made ternary as BitNet"
                    + " b1.58 does it."
        })
final class ConvertCommand extends Command implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "IN", description = "The GGUF file.")
    private Path in = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The file to be written; one that is there is replaced.")
    private Path out = Path.of("");

    @Option(
            names = "--type",
            paramLabel = "T",
            required = true,
            converter = Words.Ternary.class,
            description = "I2_S, TQ1_0 or TQ2_0.")
    private TensorType type = TensorType.I2_S;

    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    ConvertCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        Path model = ModelFile.orEmbedded(in);
        try (Interrupt interrupt = new Interrupt();
                ProgressBar bar = ProgressBar.measured(streams(), "weights")) {
            ConversionResult result =
                    TernaryConversion.convert(model, out, type, interrupt.cancellation(), bar::at);
            bar.clear();
            print(result);
        }
        return Failures.DONE;
    }

    private void print(ConversionResult result) {
        if (result.rounded() > 0) {
            streams()
                    .err()
                    .println(
                            "deltallm: note: "
                                    + result.rounded()
                                    + " of the tensors were not ternary before; a model that was"
                                    + " not trained for ternary weights is of no use with them");
            streams().err().flush();
        }
        if (format.json()) {
            Json.print(
                    streams().out(),
                    json ->
                            json.put("tensors", result.tensors())
                                    .put("bytes", result.bytes())
                                    .put("max_error", result.maxError())
                                    .put("rounded", result.rounded())
                                    .put("scale_error", result.scaleError()));
            return;
        }
        new Table("file", out + ", " + Units.bytes(result.bytes()))
                .row("tensors", result.tensors() + " encoded as " + type)
                .row("weights", "off by " + error(result.maxError()) + " at most")
                .row("scales", "off by " + error(result.scaleError()) + " of themselves at most")
                .print(streams().out());
    }

    private static String error(double error) {
        return error == 0 ? "nothing" : String.format(Locale.ROOT, "%.3g", error);
    }
}
