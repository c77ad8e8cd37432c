package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.Session;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** {@code logits}: the largest logits after a prompt. */
@CommandLine.Command(
        name = "logits",
        sortOptions = false,
        description = "Prints the tokens with the largest logits after a prompt.")
final class LogitsCommand extends Command implements Callable<Integer> {
    @Mixin private final PromptChoice prompts = new PromptChoice();
    @Mixin private final AttentionChoice attention = new AttentionChoice();
    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    @Option(
            names = "--top",
            paramLabel = "K",
            description = "How many tokens (default: ${DEFAULT-VALUE}).")
    private int top = 10;

    LogitsCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        if (top < 1) {
            throw new InvalidOptionException("the option top must be at least 1, not " + top);
        }
        PromptChoice.Prompt prompt = prompts.read(streams());
        try (Model model = models.open(streams(), List.of(attention.spec()))) {
            int[] ids = prompt.ids(model);
            try (Session session = model.newSession(attention.spec());
                    Interrupt interrupt = new Interrupt()) {
                try (ProgressBar bar = ProgressBar.measured(streams(), "prompt")) {
                    session.prompt(ids, interrupt.cancellation(), done -> bar.at(done, ids.length));
                }
                print(model, session, ids);
            }
        }
        return Failures.DONE;
    }

    private void print(Model model, Session session, int[] ids) {
        float[] logits = session.logits();
        List<Integer> best = largest(logits, top);
        if (format.json()) {
            Json.print(
                    streams().out(),
                    json -> {
                        json.putPairs("top", best, (pair, id) -> pair.write(id, logits[id]))
                                .putNumbers("prompt_ids", Arrays.stream(ids).boxed().toList())
                                .put("model", model.name())
                                .put("backend", model.backend());
                        new RunningAttention(session.report()).write(json);
                    });
            return;
        }
        IntFunction<String> pieces = pieces(model);
        Table table = new Table("id>", "logit>", "token");
        for (int id : best) {
            table.row(id, Units.real(logits[id], 4), Escapes.of(pieces.apply(id)));
        }
        table.print(streams().out());
    }

    /** Ids by falling logit; the smaller id first among equals. */
    private static List<Integer> largest(float[] logits, int count) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparingDouble(id -> -logits[id]))
                .limit(count)
                .toList();
    }

    private static IntFunction<String> pieces(Model model) {
        try {
            Tokenizer tokenizer = model.tokenizer();
            return tokenizer::piece;
        } catch (DeltaLlmException e) {
            return id -> ""; // token ids came in, so a file without a tokenizer will do
        }
    }
}
