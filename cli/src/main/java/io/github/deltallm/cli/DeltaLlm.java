package io.github.deltallm.cli;

import picocli.AutoComplete;
import picocli.CommandLine;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The program: the command without a subcommand, and how a call runs from arguments to exit code.
 */
@CommandLine.Command(
        name = "deltallm",
        description = "Runs large language models on this machine, in Java.",
        synopsisSubcommandLabel = "COMMAND",
        versionProvider = Version.class,
        footer = {
            "",
            "Results go to standard output, everything else to standard error.",
            "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."
        })
final class DeltaLlm extends Command {
    private static final Map<String, Function<Streams, Command>> COMMANDS = commands();

    @CommandLine.Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version and exit.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    private DeltaLlm(Streams streams) {
        super(streams);
    }

    private static Map<String, Function<Streams, Command>> commands() {
        Map<String, Function<Streams, Command>> commands = new LinkedHashMap<>();
        commands.put("generate", GenerateCommand::new);
        commands.put("chat", ChatCommand::new);
        commands.put("tokenize", TokenizeCommand::new);
        commands.put("logits", LogitsCommand::new);
        commands.put("perplexity", PerplexityCommand::new);
        commands.put("bench", BenchCommand::new);
        commands.put("calibrate", CalibrateCommand::new);
        commands.put("eval", EvalCommand::new);
        commands.put("convert", ConvertCommand::new);
        commands.put("inspect", InspectCommand::new);
        commands.put("backends", BackendsCommand::new);
        commands.put("models", ModelsCommand::new);
        commands.put("attentions", AttentionsCommand::new);
        commands.put("conformance", ConformanceCommand::new);
        return commands;
    }

    /** Runs one call and returns its exit code. */
    static int run(Streams streams, String... args) {
        Failures failures = new Failures(streams.err(), List.of(args).contains("--verbose"));
        StringWriter help = new StringWriter();
        try {
            int code =
                    commandLine(streams, args)
                            .setOut(new PrintWriter(help))
                            .setParameterExceptionHandler(
                                    (failure, ignored) -> failures.usage(failure))
                            .setExecutionExceptionHandler(
                                    (failure, command, parsed) -> failures.failed(failure))
                            .execute(args);
            streams.out().print(help);
            streams.out().flush();
            return code;
        } catch (OutputFailure | Error failure) {
            return failures.failed(failure);
        }
    }

    /**
     * Reading the annotations of all commands takes longer than most calls do otherwise, so a call
     * that names its command first gets only that one.
     */
    private static CommandLine commandLine(Streams streams, String[] args) {
        CommandLine root = new CommandLine(new DeltaLlm(streams));
        Function<Streams, Command> named = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (named != null) {
            root.addSubcommand(args[0], named.apply(streams));
        } else {
            COMMANDS.forEach((name, command) -> root.addSubcommand(name, command.apply(streams)));
            root.addSubcommand("help", new CommandLine.HelpCommand());
            root.addSubcommand("generate-completion", new AutoComplete.GenerateCompletion());
        }
        return root.setErr(streams.err())
                .setExpandAtFiles(false)
                .setAllowOptionsAsOptionParameters(false)
                .setUsageHelpAutoWidth(true);
    }
}
