package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;
import io.github.deltallm.evaluation.AttentionSweep;
import io.github.deltallm.evaluation.EvaluationOptions;
import io.github.deltallm.evaluation.EvaluationRun;
import io.github.deltallm.evaluation.TaskKind;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.EvaluationJson;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code eval}: accuracy against sparsity. */
@CommandLine.Command(
        name = "eval",
        sortOptions = false,
        description = {
            "Measures what attentions cost in accuracy and what they skip, each against dense"
                    + " attention on the same items.",
            "Tasks: winogrande, wsc, piqa, arc_easy, squad_v2, perplexity, kv_retrieval; their data"
                    + " in the datasets' own forms. Finished items are kept in the folder, and the"
                    + " same command goes on where it was stopped."
        },
        footer = {
            "",
            "Example:",
            "  deltallm eval --task winogrande --data dev.jsonl --task perplexity --data"
                    + " wiki.test.raw --attention delta:theta=0.4..2.0/0.2 --out eval"
        })
final class EvalCommand extends Command implements Callable<Integer> {
    @Option(
            names = "--task",
            paramLabel = "TASK",
            required = true,
            converter = Words.Task.class,
            description = "A task; may be repeated, each followed by its --data.")
    private List<TaskKind> tasks = new ArrayList<>();

    @Option(
            names = "--data",
            paramLabel = "FILE",
            required = true,
            description = "The task's data; for perplexity a text, or a JSON array of token ids.")
    private List<Path> data = new ArrayList<>();

    @Option(
            names = "--attention",
            paramLabel = "SPEC",
            defaultValue = "delta",
            description =
                    "An attention to compare with dense; may be repeated, and numbers may be ranges"
                            + " FIRST..LAST/STEP (default: ${DEFAULT-VALUE}).")
    private List<String> attentions = new ArrayList<>();

    @Option(
            names = "--controls",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Also measure pruned, int8 and int4 keys, and sinks with a window (default:"
                            + " yes; --no-controls).")
    private boolean controls = true;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "The folder for results; made if it is not there.")
    private Path out = Path.of("");

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Items of a task at most, drawn by the seed (default: all).")
    private int limit;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Which items and examples are drawn (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--shots",
            paramLabel = "N",
            description = "Examples in front of every item (default: ${DEFAULT-VALUE}).")
    private int shots;

    @Option(
            names = "--window",
            paramLabel = "N",
            description =
                    "Tokens of a perplexity's window (default: 1024, or the context if that is"
                            + " less).")
    private int window;

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "Tokens from window to window (default: half a window).")
    private int stride;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Longest answer of squad_v2, in tokens (default: ${DEFAULT-VALUE}).")
    private int maxTokens = EvaluationOptions.MAX_TOKENS;

    @Option(
            names = "--speed",
            split = ",",
            paramLabel = "DEPTH",
            description = "Also measure speed at these depths.")
    private List<Integer> depths = new ArrayList<>();

    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    EvalCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        if (tasks.size() != data.size()) {
            throw new InvalidOptionException(
                    "there are "
                            + tasks.size()
                            + " tasks but "
                            + data.size()
                            + " files; give one --data for each --task");
        }
        List<AttentionSpec> sweep = AttentionSweep.of(attentions, controls);
        List<EvaluationOptions.Source> sources = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            sources.add(new EvaluationOptions.Source(tasks.get(i), data.get(i)));
        }
        EvaluationOptions options =
                new EvaluationOptions(
                        sources, sweep, limit, seed, shots, window, stride, maxTokens, depths);
        try (Model model = models.open(streams(), sweep);
                Interrupt interrupt = new Interrupt();
                ProgressBar bar = ProgressBar.measured(streams(), "eval")) {
            Evaluation evaluation =
                    EvaluationRun.run(
                            model,
                            models.options(),
                            options,
                            out,
                            EvaluationFiles.run(model, options),
                            interrupt.cancellation(),
                            new TimeLeft(bar)::at);
            bar.clear();
            EvaluationFiles.write(out, evaluation);
            print(evaluation);
        }
        return Failures.DONE;
    }

    private void print(Evaluation evaluation) {
        if (format.json()) {
            streams().out().println(Escapes.json(EvaluationJson.of(evaluation)));
            streams().out().flush();
            return;
        }
        EvaluationTable.of(evaluation).print(streams().out());
        streams().note(evaluation.run().backendDescription());
        streams().note("results are in " + out);
    }
}
