package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.ContextOverflowException;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.ChatMessage;
import io.github.deltallm.engine.GenerationResult;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads messages and commands until there are no more; what goes wrong does not end it. */
final class Chat {
    private static final List<String> HELP =
            List.of(
                    "/help               this",
                    "/system [TEXT]      show or set what the model is told first",
                    "/attention [SPEC]   show or change how keys and values are kept",
                    "/stats              speed and memory of the last answer",
                    "/reset              forget the conversation, not the system text",
                    "/save FILE          write the conversation as JSON",
                    "/load FILE          go on with a saved conversation",
                    "/quit               end; so does Ctrl-D",
                    "",
                    "A line that ends in \\ goes on in the next one; \"\"\" begins and ends a block"
                            + " of lines, a message even if it begins with /.",
                    "Ctrl-C stops an answer.");

    private final Streams streams;
    private final ChatInput input;
    private final Conversation conversation;
    private final Answers answers;

    Chat(Streams streams, ChatInput input, Conversation conversation, Answers answers) {
        this.streams = streams;
        this.input = input;
        this.conversation = conversation;
        this.answers = answers;
    }

    void run() {
        if (streams.interactive()) {
            streams.note(answers.model().name() + ", " + answers.model().backendDescription());
            streams.note("/help lists commands, /quit ends.");
        }
        MessageReader reader = new MessageReader(input);
        Optional<MessageReader.Said> said = reader.next();
        while (said.isPresent() && !said.get().isQuit()) {
            respond(said.get());
            said = reader.next();
        }
    }

    private void respond(MessageReader.Said said) {
        try {
            if (said.isCommand()) {
                command(said.text().strip());
            } else if (!said.text().isBlank()) {
                message(said.text());
            }
        } catch (OutputFailure gone) {
            throw gone;
        } catch (ContextOverflowException full) {
            streams.note(
                    "deltallm: "
                            + full.getMessage()
                            + "; the message was not added, and /reset makes room");
        } catch (DeltaLlmException told) {
            streams.note("deltallm: " + told.getMessage());
        }
    }

    private void message(String text) {
        ChatMessage message = ChatMessage.user(text);
        Cancellation cancellation = new Cancellation();
        input.answering(
                cancellation,
                () -> {
                    GenerationResult result =
                            answers.answer(conversation.with(message), cancellation);
                    streams.out().println();
                    streams.out().flush();
                    keep(message, result);
                });
    }

    /** An answer that was stopped before its first word leaves the conversation as it was. */
    private void keep(ChatMessage message, GenerationResult result) {
        boolean stopped = result.finish() == GenerationResult.Finish.CANCELLED;
        if (stopped) {
            streams.note("(stopped)");
        }
        if (!stopped || !result.text().isEmpty()) {
            conversation.add(message);
            conversation.add(ChatMessage.assistant(result.text()));
        }
    }

    private void command(String line) {
        int space = line.indexOf(' ');
        String name = space < 0 ? line : line.substring(0, space);
        String rest = space < 0 ? "" : line.substring(space).strip();
        switch (name) {
            case "/help" -> HELP.forEach(streams::note);
            case "/system" -> system(rest);
            case "/attention" -> attention(rest);
            case "/stats" -> stats();
            case "/reset" -> {
                conversation.reset();
                streams.note("The conversation is forgotten.");
            }
            case "/save" -> save(rest);
            case "/load" -> load(rest);
            default ->
                    throw new InvalidOptionException(
                            "there is no command " + name + "; /help lists them");
        }
    }

    private void system(String text) {
        if (!text.isEmpty()) {
            conversation.system(text);
        }
        streams.note("system: " + conversation.system().orElse("(none)"));
    }

    private void attention(String text) {
        if (!text.isEmpty()) {
            answers.attention(AttentionSpec.parse(text));
        }
        streams.note(
                "attention: "
                        + answers.attention().requested()
                        + ", that is now "
                        + answers.attention().spec()
                        + answers.attention().note().map(note -> " (" + note + ")").orElse(""));
    }

    private void stats() {
        answers.last()
                .ifPresentOrElse(
                        report -> {
                            report.print(streams.err());
                            streams.note(
                                    "skipped    "
                                            + new Sparsity(report.result().attention())
                                                    .skippedLine());
                        },
                        () -> streams.note("There was no answer yet."));
    }

    private void save(String name) {
        List<ChatMessage> messages = conversation.messages();
        ConversationFile.save(path(name, "/save"), messages);
        streams.note("Saved " + messages.size() + " messages to " + name + ".");
    }

    private void load(String name) {
        List<ChatMessage> messages = ConversationFile.load(path(name, "/load"));
        conversation.replace(messages);
        streams.note("Loaded " + messages.size() + " messages from " + name + ".");
    }

    private static Path path(String name, String command) {
        if (name.isEmpty()) {
            throw new InvalidOptionException(command + " needs the name of a file");
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new InvalidOptionException("'" + name + "' is no name for a file", e);
        }
    }
}
