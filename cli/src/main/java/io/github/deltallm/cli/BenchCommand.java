package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench}: how fast prompts are computed and tokens generated. */
@CommandLine.Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Measures the speed of prompts (ppN: N tokens into an empty session) and of generation"
                    + " (tgN: N tokens, one by one, after a prompt of the given depth).",
            "After a run to warm up, all tests are repeated in turn, so that what slows the machine"
                    + " for a while slows them alike. Speeds are medians; the spread is the fastest"
                    + " run less the slowest."
        },
        footer = {
            "",
            "Example:",
            "  deltallm bench -p 512,2048 -n 64 -d 0,4096 --attention dense --attention auto -r 5"
        })
final class BenchCommand extends Command implements Callable<Integer> {
    @Option(
            names = {"-p", "--prompt"},
            split = ",",
            paramLabel = "N",
            defaultValue = "512",
            description = "Lengths of prompts (default: ${DEFAULT-VALUE}; 0: none).")
    private List<Integer> prompts = new ArrayList<>();

    @Option(
            names = {"-n", "--generate"},
            paramLabel = "N",
            description = "Tokens to generate (default: ${DEFAULT-VALUE}; 0: none).")
    private int generated = 64;

    @Option(
            names = {"-d", "--depth"},
            split = ",",
            paramLabel = "N",
            defaultValue = "0",
            description = "Tokens that are there before generation (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths = new ArrayList<>();

    @Option(
            names = {"-r", "--repeat"},
            paramLabel = "N",
            description = "How often each test is run (default: ${DEFAULT-VALUE}).")
    private int repeats = 5;

    @Option(
            names = "--attention",
            paramLabel = "SPEC",
            converter = Words.Attention.class,
            defaultValue = "auto",
            description =
                    "An attention to measure; may be repeated (default: ${DEFAULT-VALUE}, which is"
                            + " told with what it came to).")
    private List<AttentionSpec> attentions = new ArrayList<>();

    @Mixin private final ModelChoice models = new ModelChoice();
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    BenchCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        atLeast("repeat", repeats, 1);
        atLeast("generate", generated, 0);
        prompts.forEach(length -> atLeast("prompt", length, 0));
        depths.forEach(depth -> atLeast("depth", depth, 0));
        try (Model model = models.open(streams(), attentions);
                Interrupt interrupt = new Interrupt()) {
            requireRoom(model);
            List<SpeedTest> tests = tests();
            try (ProgressBar bar = ProgressBar.measured(streams(), "bench");
                    Bench bench = new Bench(model, tests, interrupt.cancellation(), bar)) {
                bench.run(repeats);
                bar.clear();
                print(model, bench.results());
            }
        }
        return Failures.DONE;
    }

    private static void atLeast(String option, int value, int least) {
        if (value < least) {
            throw new InvalidOptionException(
                    "the option " + option + " must be at least " + least + ", not " + value);
        }
    }

    private void requireRoom(Model model) {
        int longest = prompts.stream().mapToInt(Integer::intValue).max().orElse(0);
        int deepest = depths.stream().mapToInt(Integer::intValue).max().orElse(0);
        if (longest > model.context() || deepest + generated > model.context()) {
            throw new InvalidOptionException(
                    "prompts of up to "
                            + longest
                            + " tokens, and "
                            + generated
                            + " tokens after up to "
                            + deepest
                            + ", do not all fit into the context of "
                            + model.context()
                            + " tokens");
        }
    }

    /** Attentions vary fastest: what is compared runs side by side. */
    private List<SpeedTest> tests() {
        List<SpeedTest> tests = new ArrayList<>();
        for (int length : prompts) {
            for (AttentionSpec attention : length == 0 ? List.<AttentionSpec>of() : attentions) {
                tests.add(new SpeedTest(SpeedTest.Kind.PREFILL, length, 0, attention));
            }
        }
        for (int depth : depths) {
            for (AttentionSpec attention : generated == 0 ? List.<AttentionSpec>of() : attentions) {
                tests.add(new SpeedTest(SpeedTest.Kind.DECODE, generated, depth, attention));
            }
        }
        return tests;
    }

    private void print(Model model, List<SpeedTest.Result> results) {
        int threads = models.threads();
        if (format.json()) {
            Json.print(
                    streams().out(),
                    json ->
                            json.putAll(
                                            "results",
                                            results,
                                            (item, result) ->
                                                    result.write(item, model.backend(), threads))
                                    .put("model", model.name()));
            return;
        }
        Table table =
                new Table(
                        "test",
                        "depth>",
                        "attention",
                        "backend",
                        "threads>",
                        "tokens/s>",
                        "spread>",
                        "key bytes>",
                        "MACs skipped>");
        results.forEach(result -> result.addTo(table, model.backend(), threads));
        table.print(streams().out());
        streams().note(model.backendDescription());
    }
}
