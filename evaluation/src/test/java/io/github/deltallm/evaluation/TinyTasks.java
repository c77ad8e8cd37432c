package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.RunInfo;
import io.github.deltallm.evaluation.result.Score;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Made-up tasks for the tiny model. */
final class TinyTasks {
    static final RunInfo RUN =
            new RunInfo("tiny", "", "llama", "reference", "", "", "", "", Map.of());

    static final String STORY =
            """
            Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One \
            day, she saw a big red ball near the tree. She wanted to play with it, but it was too high. Her \
            friend Tim said, "I can help you!" He climbed the tree and threw the ball down to Lily. She was \
            very happy and said, "Thank you, Tim!" They played with the ball all day long. Then a small dog \
            came to the park. The dog was sad because he had no one to play with.
            """;

    private static final List<AttentionSpec> ATTENTIONS =
            AttentionSweep.of(List.of("delta:theta=0.6,window=8"), false);

    private TinyTasks() {}

    static EvaluationOptions story(Path folder, int window, int stride) throws IOException {
        Path file = Files.writeString(folder.resolve("story.txt"), STORY);
        return new EvaluationOptions(
                List.of(new EvaluationOptions.Source(TaskKind.PERPLEXITY, file)),
                ATTENTIONS,
                0,
                0,
                0,
                window,
                stride,
                1,
                List.of());
    }

    /** Questions with two answers each. */
    static EvaluationOptions choices(Path folder, int count) throws IOException {
        List<String> names = List.of("Lily", "Tom", "Ben", "Mia", "Sam");
        List<String> things = List.of("ball", "dog", "tree", "car");
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String name = names.get(i % names.size());
            String thing = things.get(i % things.size());
            rows.append("{\"goal\": \"")
                    .append(name)
                    .append(" saw ")
                    .append(i)
                    .append(" times a big ")
                    .append(thing)
                    .append(" in the park.\", \"sol1\": \"")
                    .append(name)
                    .append(" was happy.\", \"sol2\": \"The ")
                    .append(thing)
                    .append(" said no to the bird.\", \"label\": 0}\n");
        }
        Path file = Files.writeString(folder.resolve("choices.jsonl"), rows);
        return EvaluationOptions.of(
                List.of(new EvaluationOptions.Source(TaskKind.PIQA, file)), ATTENTIONS);
    }

    /** Everything but how long it took. */
    static Evaluation withoutSpeed(Evaluation evaluation) {
        return new Evaluation(
                evaluation.run(),
                evaluation.scores().stream()
                        .map(score ->
                                new Score(
                                        score.task(),
                                        score.attention(),
                                        score.metric(),
                                        score.higherIsBetter(),
                                        score.value(),
                                        score.stderr(),
                                        score.n(),
                                        score.difference(),
                                        score.sparsity(),
                                        0))
                        .toList(),
                evaluation.keyPrecisions(),
                evaluation.headSparsities(),
                evaluation.frequencyChanges(),
                evaluation.speeds());
    }
}
