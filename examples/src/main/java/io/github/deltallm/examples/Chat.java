package io.github.deltallm.examples;

import io.github.deltallm.engine.ChatMessage;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Two turns of a conversation; the second one computes only what is new. */
public final class Chat {
    private Chat() {}

    public static void main(String[] args) {
        Path file = Path.of(args.length > 0 ? args[0] : "models/SmolLM2-135M-Instruct.Q4_1.gguf");
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(40);
        List<ChatMessage> conversation = new ArrayList<>();
        try (Model model = Model.open(file, ModelOptions.DEFAULT);
                Session session = model.newSession()) {
            for (String question : List.of("What is the capital of France?", "And of Italy?")) {
                conversation.add(ChatMessage.user(question));
                System.out.println("> " + question);
                // The prompt is always the whole conversation: the session keeps what it has of it.
                int[] prompt = model.chatPrompt(conversation);
                GenerationResult answer = session.generate(prompt, options, System.out::print);
                System.out.println();
                System.out.printf(
                        "[%d of %d prompt tokens reused]%n", answer.reusedTokens(), prompt.length);
                conversation.add(ChatMessage.assistant(answer.text()));
            }
        }
    }
}
