package io.github.deltallm.cli;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.file.Path;

/** The text of a command that measures on one. */
final class TextChoice {
    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "The text, UTF-8; control tokens in it are ordinary text.")
    private @Nullable String file;

    @Option(
            names = "--token-ids",
            paramLabel = "FILE",
            description = "The text as a JSON array of token ids; no BOS is added.")
    private @Nullable Path tokenIds;

    /**
     * A text that was read.
     *
     * @param name the file's name, without its folders
     * @param tokens its tokens in a model's vocabulary
     */
    record Text(String name, Tokens tokens) {
        int[] ids(Model model) {
            return tokens.ids(model);
        }
    }

    /** Finds the tokens of a text. */
    @FunctionalInterface
    interface Tokens {
        int[] ids(Model model);
    }

    /**
     * Reads the text.
     *
     * @throws InvalidOptionException unless exactly one was named
     */
    Text read(Streams streams) {
        if (tokenIds != null && file == null) {
            int[] ids = TokenIds.read(tokenIds);
            return new Text(
                    name(tokenIds), model -> TokenIds.requireKnown(ids, model.vocabulary()));
        }
        if (file != null && tokenIds == null) {
            String text = TextSource.read(file, streams);
            return new Text(
                    file.equals(TextSource.STANDARD_INPUT) ? "standard input" : name(Path.of(file)),
                    model -> {
                        Tokenizer tokenizer = model.tokenizer();
                        return tokenizer.encode(text, false, tokenizer.addBosByDefault());
                    });
        }
        throw new InvalidOptionException("give exactly one of --file and --token-ids");
    }

    private static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }
}
