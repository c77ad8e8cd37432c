package io.github.deltallm.cli;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.Model;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code chat}: a conversation at the terminal, or of lines from standard input. */
@CommandLine.Command(
        name = "chat",
        sortOptions = false,
        description = "Talks with a model; /help lists what can be said besides messages.")
final class ChatCommand extends Command implements Callable<Integer> {
    @Option(
            names = "--system",
            paramLabel = "TEXT",
            description = "What the model is told before the conversation.")
    private @Nullable String system;

    @Mixin private final SamplingChoice sampling = new SamplingChoice();
    @Mixin private final AttentionChoice attention = new AttentionChoice();
    @Mixin private final ModelChoice models = new ModelChoice();

    ChatCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        GenerationOptions options = sampling.options();
        try (Model model = models.open(streams(), List.of(attention.spec()))) {
            if (!model.hasChatTemplate()) {
                throw new DeltaLlmException(
                        model.name()
                                + " has no chat template, so it can't tell messages apart; use"
                                + " 'deltallm generate' instead");
            }
            Conversation conversation = new Conversation();
            if (system != null) {
                conversation.system(system);
            }
            try (ChatInput input = ChatInput.of(streams());
                    Answers answers = new Answers(streams(), model, options, attention.spec())) {
                new Chat(streams(), input, conversation, answers).run();
            }
        }
        return Failures.DONE;
    }
}
