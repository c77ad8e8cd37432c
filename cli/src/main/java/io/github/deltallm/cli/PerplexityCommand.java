package io.github.deltallm.cli;

import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Perplexity;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code perplexity}: how well a model predicts a text. */
@CommandLine.Command(
        name = "perplexity",
        sortOptions = false,
        description = {
            "Measures how well the model predicts a text, in consecutive windows.",
            "--context is the length of a window (default: the whole text, or what the model allows"
                    + " if that is less)."
        })
final class PerplexityCommand extends Command implements Callable<Integer> {
    @Mixin private final TextChoice texts = new TextChoice();
    @Mixin private final AttentionChoice attention = new AttentionChoice();
    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();
    @Mixin private final StatsChoice stats = new StatsChoice();

    PerplexityCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        TextChoice.Text text = texts.read(streams());
        try (Model model = models.open(streams(), List.of(attention.spec()));
                Interrupt interrupt = new Interrupt();
                ProgressBar bar = ProgressBar.measured(streams(), "perplexity")) {
            int[] ids = text.ids(model);
            int window = Math.min(model.context(), Math.max(2, ids.length));
            Perplexity perplexity =
                    Perplexity.of(
                            model,
                            attention.spec(),
                            ids,
                            window,
                            interrupt.cancellation(),
                            done -> bar.at(done, ids.length));
            bar.clear();
            print(model, window, perplexity);
        }
        return Failures.DONE;
    }

    private void print(Model model, int window, Perplexity perplexity) {
        Sparsity sparsity = new Sparsity(perplexity.attention());
        RunningAttention running = new RunningAttention(perplexity.attention());
        if (format.json()) {
            Json.print(
                    streams().out(),
                    json -> {
                        json.put("perplexity", perplexity.value())
                                .put("nll", perplexity.nll())
                                .put("tokens", perplexity.tokens())
                                .put("sparsity", fields -> sparsity.write(fields, stats.layers()))
                                .put("tokens_per_s", perplexity.tokensPerSecond())
                                .put("window", window)
                                .put("model", model.name())
                                .put("backend", model.backend());
                        running.write(json);
                    });
            return;
        }
        Table table = new Table("perplexity", Units.real(perplexity.value(), 4));
        table.row("nll", Units.real(perplexity.nll(), 6) + " a token")
                .row("tokens", perplexity.tokens() + " scored, in windows of " + window)
                .row("speed", Units.rate(perplexity.tokensPerSecond()))
                .row("backend", model.backendDescription())
                .row("attention", running.line())
                .row("skipped", sparsity.skippedLine())
                .row("cache", sparsity.cacheLine())
                .print(streams().out());
        if (stats.layers()) {
            sparsity.layerTable().print(streams().out());
        }
    }
}
