package io.github.deltallm.cli;

import io.github.deltallm.engine.AttentionReport;
import io.github.deltallm.engine.GenerationListener;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code generate}: a prompt to text, streamed. */
@CommandLine.Command(
        name = "generate",
        sortOptions = false,
        description = "Continues a prompt, or answers it where the model has a chat template.",
        footer = {
            "",
            "Examples:",
            "  deltallm generate \"What is gravity?\"",
            "  deltallm generate --raw --max-tokens 40 \"Once upon a time\"",
            "  deltallm generate --temperature 0.8 --seed 7 --prompt-file question.txt"
        })
final class GenerateCommand extends Command implements Callable<Integer> {
    @Mixin private final PromptChoice prompts = new PromptChoice();
    @Mixin private final SamplingChoice sampling = new SamplingChoice();
    @Mixin private final AttentionChoice attention = new AttentionChoice();
    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();
    @Mixin private final StatsChoice stats = new StatsChoice();

    GenerateCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        GenerationOptions options = sampling.options();
        PromptChoice.Prompt prompt = prompts.read(streams());
        long start = System.nanoTime();
        try (Model model = models.open(streams(), List.of(attention.spec()))) {
            long loadNanos = System.nanoTime() - start;
            int[] ids = prompt.ids(model);
            try (Session session = model.newSession(attention.spec());
                    Interrupt interrupt = new Interrupt()) {
                GenerationResult result = generate(session, ids, options, interrupt);
                print(new GenerationReport(model, result, options, loadNanos));
                return result.finish() == GenerationResult.Finish.CANCELLED
                        ? Failures.INTERRUPTED
                        : Failures.DONE;
            }
        }
    }

    private GenerationResult generate(
            Session session, int[] ids, GenerationOptions options, Interrupt interrupt) {
        try (ProgressBar bar = ProgressBar.measured(streams(), "prompt")) {
            Follower follower = new Follower(streams(), bar, !format.json());
            return session.generate(ids, options, follower, interrupt.cancellation());
        }
    }

    private void print(GenerationReport report) {
        if (format.json()) {
            Json.print(streams().out(), json -> report.write(json, stats.layers()));
            return;
        }
        streams().out().println();
        streams().out().flush();
        report.print(streams().err());
        if (stats.layers()) {
            AttentionReport counts = report.result().attention();
            new Sparsity(counts).layerTable().print(streams().err());
        }
        streams().err().flush();
    }

    /** Shows the prompt's progress, then the answer as it comes. */
    private record Follower(Streams streams, ProgressBar bar, boolean streaming)
            implements GenerationListener {
        @Override
        public void prompt(int done, int total) {
            bar.at(done, total);
        }

        @Override
        public void token(int id) {
            bar.clear();
        }

        @Override
        public void text(String piece) {
            if (streaming) {
                streams.answer(piece);
            }
        }
    }
}
