package io.github.deltallm.cli;

import io.github.deltallm.calibration.Calibration;
import io.github.deltallm.calibration.CalibrationOptions;
import io.github.deltallm.calibration.CalibrationProfile;
import io.github.deltallm.calibration.CalibrationResult;
import io.github.deltallm.calibration.WindowSize;
import io.github.deltallm.engine.Model;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code calibrate}: thresholds of delta attention for a model, within a budget. */
@CommandLine.Command(
        name = "calibrate",
        sortOptions = false,
        description = {
            "Finds the delta attention that skips the most work while the perplexity of a text"
                    + " rises by no more than a budget, and writes it to a profile.",
            "Use it with --attention delta:profile=PROFILE. The first tokens of the text are used,"
                    + " in sequences of --context tokens (default: 1024)."
        })
final class CalibrateCommand extends Command implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "The GGUF file, as --model.")
    private @Nullable Path model;

    @Mixin private final TextChoice texts = new TextChoice();

    @Option(
            names = "--budget",
            paramLabel = "PERCENT",
            converter = Words.Percentage.class,
            description = "By how much the perplexity may rise (default: 0.5%%).")
    private double budget = CalibrationOptions.DEFAULT.budget();

    @Option(
            names = "--out",
            paramLabel = "PROFILE",
            required = true,
            description = "The file to be written, JSON.")
    private Path out = Path.of("");

    @Option(
            names = "--window",
            paramLabel = "SIZE",
            converter = Words.Window.class,
            description =
                    "The exact window that the profile is for: tokens, or percent of the prompt"
                            + " (default: ${DEFAULT-VALUE}).")
    private WindowSize window = WindowSize.DEFAULT;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "How many tokens of the text are used (default: ${DEFAULT-VALUE}).")
    private int tokens = CalibrationOptions.DEFAULT.tokens();

    @Option(
            names = "--calibrated-on",
            paramLabel = "WORDS",
            description = "What the text is, for the profile's readers (default: the file's name).")
    private @Nullable String calibratedOn;

    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    CalibrateCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        CalibrationProfile.requireWritable(out);
        CalibrationOptions options =
                CalibrationOptions.DEFAULT.withBudget(budget).withWindow(window).withTokens(tokens);
        int context = models.options().context();
        options = context == 0 ? options : options.withSequence(context);
        TextChoice.Text text = texts.read(streams());
        options = options.withCalibratedOn(calibratedOn == null ? text.name() : calibratedOn);
        if (model != null) {
            models.named(model);
        }
        try (Model opened = models.open(streams(), List.of());
                Interrupt interrupt = new Interrupt();
                ProgressBar bar = ProgressBar.measured(streams(), "calibration")) {
            long start = System.nanoTime();
            CalibrationResult result =
                    Calibration.run(
                            opened, text.ids(opened), options, interrupt.cancellation(), bar::at);
            result.profile().write(out);
            bar.clear();
            print(opened, result, System.nanoTime() - start);
        }
        return Failures.DONE;
    }

    private void print(Model opened, CalibrationResult result, long nanos) {
        if (format.json()) {
            Json.print(
                    streams().out(),
                    json ->
                            json.put("profile", out.toString())
                                    .put(
                                            "delta_zero_fraction",
                                            result.attention().deltaZeroFraction())
                                    .put("perplexity_change", result.perplexityChange())
                                    .put(
                                            "skipped_mac_fraction",
                                            result.attention().skippedMacFraction())
                                    .put("perplexity", result.perplexity())
                                    .put("dense_perplexity", result.densePerplexity())
                                    .put("divergence", result.divergence())
                                    .put("budget", budget)
                                    .put("window", window.text())
                                    .put("tokens", result.tokens())
                                    .put("calibration_ms", Units.milliseconds(nanos))
                                    .put("model", opened.name())
                                    .put("backend", opened.backend()));
            return;
        }
        new Table("profile", out.toString())
                .row(
                        "perplexity",
                        String.format(
                                Locale.ROOT,
                                "%.4f, dense %.4f (%+.2f %%)",
                                result.perplexity(),
                                result.densePerplexity(),
                                100 * result.perplexityChange()))
                .row("divergence", Units.real(result.divergence(), 5) + " nats a token")
                .row(
                        "skipped",
                        Units.percent(result.attention().skippedMacFraction())
                                + " of MACs, "
                                + Units.percent(result.attention().deltaZeroFraction())
                                + " of deltas zero")
                .row("text", result.profile().calibratedOn())
                .row("backend", opened.backendDescription())
                .row("use", "--attention delta:profile=" + out)
                .print(streams().out());
    }
}
