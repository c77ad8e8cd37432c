package io.github.deltallm.cli;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** {@code tokenize}: text to tokens; a file that holds only a vocabulary is enough. */
@CommandLine.Command(
        name = "tokenize",
        sortOptions = false,
        description = "Prints the tokens of a text: a line for each, its id and its text.",
        footer = {"", "Line breaks and other control characters in texts are printed as escapes."})
final class TokenizeCommand extends Command implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "The text; - reads it from standard input.")
    private @Nullable String words;

    @Option(names = "--text", paramLabel = "TEXT", description = "The text, whatever it is.")
    private @Nullable String text;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "Read the text from a UTF-8 file, as it is.")
    private @Nullable String file;

    @Option(
            names = "--special",
            description = "Recognise control tokens that are written in the text.")
    private boolean special;

    @Option(names = "--no-bos", description = "Add no BOS token, even if the model wants one.")
    private boolean noBos;

    @Option(
            names = "--model",
            paramLabel = "PATH",
            description = "The GGUF file; the embedded SmolLM2-135M-Instruct where none is given.")
    private @Nullable Path model;

    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    TokenizeCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        String content = content();
        try (GgufFile gguf = GgufFile.open(ModelFile.orEmbedded(model))) {
            Tokenizer tokenizer = Tokenizer.of(gguf.metadata());
            boolean bos = !noBos && tokenizer.addBosByDefault();
            int[] ids = tokenizer.encode(content, special, bos);
            if (format.json()) {
                printJson(tokenizer, ids);
            } else {
                printLines(tokenizer, ids);
            }
        }
        return Failures.DONE;
    }

    private String content() {
        if (Stream.of(words, text, file).filter(Objects::nonNull).count() != 1) {
            throw new InvalidOptionException(
                    "give exactly one of TEXT, - for standard input, --text and --file");
        }
        if (text != null) {
            return text;
        }
        if (words != null && !words.equals(TextSource.STANDARD_INPUT)) {
            return words;
        }
        return TextSource.read(file != null ? file : TextSource.STANDARD_INPUT, streams());
    }

    private void printJson(Tokenizer tokenizer, int[] ids) {
        List<String> pieces = Arrays.stream(ids).mapToObj(tokenizer::piece).toList();
        Json.print(
                streams().out(),
                json ->
                        json.putNumbers("ids", Arrays.stream(ids).boxed().toList())
                                .putTexts("pieces", pieces));
    }

    private void printLines(Tokenizer tokenizer, int[] ids) {
        for (int id : ids) {
            streams().out().println(id + "\t" + Escapes.of(tokenizer.piece(id)));
        }
    }
}
