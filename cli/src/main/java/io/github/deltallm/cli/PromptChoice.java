package io.github.deltallm.cli;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.ChatMessage;
import io.github.deltallm.engine.Model;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Where a prompt comes from. */
final class PromptChoice {
    @Parameters(
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "The prompt; - reads it from standard input.")
    private @Nullable String prompt;

    @Option(
            names = "--prompt-file",
            paramLabel = "FILE",
            description = "Read the prompt from a UTF-8 file, as it is.")
    private @Nullable String promptFile;

    @Option(
            names = "--token-ids",
            paramLabel = "FILE",
            description =
                    "Read the prompt's token ids from a JSON array; no template, no BOS is added.")
    private @Nullable Path tokenIds;

    @Option(
            names = "--raw",
            description = "Don't lay the prompt out as the model's chat template says.")
    private boolean raw;

    /** A prompt that was read but does not know its model yet. */
    @FunctionalInterface
    interface Prompt {
        /** The prompt's tokens for a model. */
        int[] ids(Model model);
    }

    /**
     * Reads the prompt.
     *
     * @throws InvalidOptionException unless exactly one source is given
     */
    Prompt read(Streams streams) {
        long sources = Stream.of(prompt, promptFile, tokenIds).filter(Objects::nonNull).count();
        if (sources != 1) {
            throw new InvalidOptionException(
                    (sources == 0 ? "there is no prompt" : "there is more than one prompt")
                            + "; give exactly one of PROMPT, - for standard input, --prompt-file"
                            + " and --token-ids");
        }
        if (tokenIds != null) {
            int[] ids = TokenIds.read(tokenIds);
            return model -> TokenIds.requireKnown(ids, model.vocabulary());
        }
        String text = text(streams);
        return raw ? model -> model.rawPrompt(text) : model -> asMessage(model, text);
    }

    private String text(Streams streams) {
        if (promptFile != null) {
            return TextSource.read(promptFile, streams);
        }
        String words = Objects.requireNonNull(prompt);
        return words.equals(TextSource.STANDARD_INPUT) ? TextSource.standardInput(streams) : words;
    }

    private static int[] asMessage(Model model, String text) {
        return model.hasChatTemplate()
                ? model.chatPrompt(List.of(ChatMessage.user(text)))
                : model.rawPrompt(text);
    }
}
