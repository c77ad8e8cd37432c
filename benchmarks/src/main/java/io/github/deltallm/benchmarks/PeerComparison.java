package io.github.deltallm.benchmarks;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * Speed beside llama.cpp: runs its {@code llama-bench}, which whoever calls has built, and {@code
 * deltallm bench} in turn on the same model, each in a process of its own, and prints a table with
 * the ratios of medians. Run by {@code benchmarks/compare}.
 */
@CommandLine.Command(
        name = "benchmarks/compare",
        sortOptions = false,
        mixinStandardHelpOptions = true,
        description = {
            "Runs llama.cpp's llama-bench and deltallm bench in turn and prints the ratios of their"
                    + " medians, against the better of the peer's settings for attention.",
            "The machine should have nothing else to do."
        })
final class PeerComparison implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "LLAMA_BENCH", description = "The peer's program.")
    private Path peer = Path.of("");

    @Parameters(index = "1", paramLabel = "MODEL", description = "A GGUF file.")
    private Path model = Path.of("");

    @Option(
            names = "--peer-model",
            paramLabel = "MODEL",
            description = "Another file for the peer, if it can't load the same one.")
    private Optional<Path> peerModel = Optional.empty();

    @Option(
            names = {"-p", "--prompt"},
            defaultValue = "512",
            paramLabel = "N,...",
            description = "Lengths of prompts (default: ${DEFAULT-VALUE}; 0: none).")
    private String prompts = "";

    @Option(
            names = {"-n", "--generate"},
            defaultValue = "64",
            paramLabel = "N",
            description = "Tokens to generate (default: ${DEFAULT-VALUE}; 0: none).")
    private int generated;

    @Option(
            names = {"-d", "--depth"},
            defaultValue = "0",
            paramLabel = "N,...",
            description = "Tokens that are there before generation (default: ${DEFAULT-VALUE}).")
    private String depths = "";

    @Option(
            names = "--attention",
            paramLabel = "SPEC",
            defaultValue = "dense",
            description = "Attention to measure here; may be repeated (default: ${DEFAULT-VALUE}).")
    private List<String> attentions = new ArrayList<>();

    @Option(
            names = "--rounds",
            defaultValue = "5",
            paramLabel = "N",
            description = "How often each program is run (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = {"-r", "--repeat"},
            defaultValue = "3",
            paramLabel = "N",
            description = "Repetitions of a test in each run (default: ${DEFAULT-VALUE}).")
    private int repeat;

    @Option(
            names = "--threads",
            defaultValue = "2",
            paramLabel = "N",
            description = "Threads of both (default: ${DEFAULT-VALUE}).")
    private int threads;

    /** Speeds of every run, by test and depth, then by who ran it. */
    private final Map<String, Map<String, List<Double>>> speeds = new TreeMap<>();

    private final JsonMapper json = new JsonMapper();

    private PeerComparison() {}

    /** Runs the comparison. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new PeerComparison());
        command.setExecutionExceptionHandler((e, line, parsed) -> {
            line.getErr().println("benchmarks/compare: " + e.getMessage());
            return 1;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        for (int round = 0; round < rounds; round++) {
            System.err.println("round " + (round + 1) + " of " + rounds);
            // Whoever comes first meets another machine than whoever comes second.
            if (round % 2 == 0) {
                runPeer();
                runOurs();
            } else {
                runOurs();
                runPeer();
            }
        }
        print();
        return 0;
    }

    private void runPeer() throws IOException, InterruptedException {
        // Its own tests are all pairs of lengths and depths; ours are prompts at depth 0.
        if (!prompts.equals("0")) {
            runPeer("-p", prompts, "-n", "0");
        }
        if (generated > 0) {
            runPeer("-p", "0", "-n", Integer.toString(generated), "-d", depths);
        }
    }

    private void runPeer(String... what) throws IOException, InterruptedException {
        List<String> command =
                Stream.of(
                                List.of(peer.toString(), "-m", peerModel.orElse(model).toString()),
                                List.of(what),
                                List.of("-ngl", "0", "-t", Integer.toString(threads)),
                                List.of("-r", Integer.toString(repeat)),
                                List.of("-fa", "0,1", "-o", "jsonl"))
                        .flatMap(List::stream)
                        .toList();
        for (String line : run(command).lines().filter(text -> text.startsWith("{")).toList()) {
            JsonNode result = json.readTree(line);
            int prompt = result.required("n_prompt").asInt();
            String test = prompt > 0 ? "pp" + prompt : "tg" + result.required("n_gen").asInt();
            String attention = result.required("flash_attn").asBoolean() ? "flash" : "plain";
            add(
                    test,
                    result.required("n_depth").asInt(),
                    "llama.cpp, " + attention,
                    median(
                            result.required("samples_ts")
                                    .valueStream()
                                    .map(JsonNode::asDouble)
                                    .toList()));
        }
    }

    private void runOurs() throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                System.getProperty("deltallm.launcher", "./deltallm"),
                                "bench",
                                "--backend",
                                "cpu",
                                "--model",
                                model.toString(),
                                "-p",
                                prompts,
                                "-n",
                                Integer.toString(generated),
                                "-d",
                                depths,
                                "--threads",
                                Integer.toString(threads),
                                "-r",
                                Integer.toString(repeat),
                                "--format",
                                "json"));
        for (String attention : attentions) {
            command.addAll(List.of("--attention", attention));
        }
        for (JsonNode result : json.readTree(run(command)).required("results")) {
            add(
                    result.required("test").asString(),
                    result.required("depth").asInt(),
                    "deltallm, " + result.required("attention_requested").asString(),
                    result.required("tokens_per_s").asDouble());
        }
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Path errors = Files.createTempFile("compare", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(errors.toFile())
                            .redirectInput(
                                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                            .start();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                List<String> lines = Files.readAllLines(errors);
                String last =
                        String.join(
                                "\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
                throw new IOException(
                        String.join(" ", command) + " ended with code " + code + ":\n" + last);
            }
            return output;
        } finally {
            Files.delete(errors);
        }
    }

    private void add(String test, int depth, String who, double speed) {
        speeds.computeIfAbsent(test + (depth == 0 ? "" : " @ " + depth), key -> new TreeMap<>())
                .computeIfAbsent(who, key -> new ArrayList<>())
                .add(speed);
    }

    private void print() {
        System.out.println("| test | who | tokens/s | least - most | to the peer |");
        System.out.println("|---|---|---|---|---|");
        speeds.forEach((test, all) -> {
            double best =
                    all.entrySet().stream()
                            .filter(entry -> entry.getKey().startsWith("llama.cpp"))
                            .mapToDouble(entry -> median(entry.getValue()))
                            .max()
                            .orElse(Double.NaN);
            all.forEach((who, values) ->
                    System.out.printf(
                            Locale.ROOT,
                            "| %s | %s | %.1f | %.1f - %.1f | %.2fx |%n",
                            test,
                            who,
                            median(values),
                            values.stream().mapToDouble(v -> v).min().orElse(0),
                            values.stream().mapToDouble(v -> v).max().orElse(0),
                            median(values) / best));
        });
        System.out.printf(
                "%n%s, %d threads, medians of %d rounds%n", model.getFileName(), threads, rounds);
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(v -> v).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
