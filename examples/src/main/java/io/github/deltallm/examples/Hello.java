package io.github.deltallm.examples;

import io.github.deltallm.engine.ChatMessage;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;

import java.nio.file.Path;
import java.util.List;

/** Opens a model on the best backend there is and prints an answer while it is generated. */
public final class Hello {
    private Hello() {}

    public static void main(String[] args) {
        Path file = Path.of(args.length > 0 ? args[0] : "models/SmolLM2-135M-Instruct.Q4_1.gguf");
        try (Model model = Model.open(file, ModelOptions.DEFAULT);
                Session session = model.newSession()) {
            int[] prompt = model.chatPrompt(List.of(ChatMessage.user("What is gravity?")));
            GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(60);
            session.generate(prompt, options, System.out::print);
            System.out.println();
        }
    }
}
