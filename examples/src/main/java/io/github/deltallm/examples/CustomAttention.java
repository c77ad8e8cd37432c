package io.github.deltallm.examples;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;

import java.nio.file.Path;

/** Generates with {@link ExampleWindow}, the attention strategy of this module, by its name. */
public final class CustomAttention {
    private CustomAttention() {}

    public static void main(String[] args) {
        Path file = Path.of(args.length > 0 ? args[0] : "models/SmolLM2-135M-Instruct.Q4_1.gguf");
        try (Model model = Model.open(file, ModelOptions.DEFAULT);
                Session session =
                        model.newSession(AttentionSpec.parse("example-window:size=16,sinks=2"))) {
            int[] prompt = model.rawPrompt("Once upon a time");
            GenerationResult answer =
                    session.generate(
                            prompt, GenerationOptions.DEFAULT.withMaxTokens(60), System.out::print);
            System.out.println();
            System.out.printf(
                    "[%s skipped %.0f %% of the scores' MACs]%n",
                    answer.attention().spec(),
                    100 * answer.attention().total().skippedMacFraction());
        }
    }
}
