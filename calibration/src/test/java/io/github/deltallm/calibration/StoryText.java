package io.github.deltallm.calibration;

import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.testsupport.SharedData;

/** A small model on the reference backend and a text that it knows how to read. */
final class StoryText {
    private static final String TEXT =
            """
            Once upon a time, there was a little girl named Lily. She loved to play outside in the park with \
            her friends. One day, she saw a big red ball near the tree. She wanted to play with it, but it was \
            too high. Her friend Tim said, "I can help you!" Tim was tall and strong. He climbed the tree and \
            threw the ball down to Lily. She was very happy and said, "Thank you, Tim!" They played with the \
            ball all day long. Then a small dog came to the park. The dog was sad because he had no one to \
            play with. Lily said, "Do you want to play with us?" The dog wagged his tail and ran to the ball. \
            He took it in his mouth and ran around the tree. Lily and Tim laughed and ran after him. When the \
            sun went down, Lily's mom called her. "It is time to go home," she said. Lily hugged the dog and \
            said goodbye to Tim. At home she told her mom about the ball, the tree and the dog. Her mom smiled \
            and gave her a warm cup of milk. Lily went to bed and dreamed about the park.
            """;

    private StoryText() {}

    static Model model() {
        return Model.open(
                SharedData.require("models/stories260K-f32.gguf"),
                ModelOptions.DEFAULT.withBackend("reference").withChunk(100));
    }

    /** The first tokens of a story. */
    static int[] ids(Model model, int count) {
        int[] ids = model.rawPrompt(TEXT);
        if (ids.length < count) {
            throw new IllegalStateException("the story has only " + ids.length + " tokens");
        }
        return java.util.Arrays.copyOf(ids, count);
    }
}
