package io.github.deltallm.examples;

import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.GenerationListener;
import io.github.deltallm.engine.GenerationOptions;
import io.github.deltallm.engine.GenerationResult;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Session;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Stops an answer from another thread when there is enough of it. */
public final class CancelGeneration {
    private CancelGeneration() {}

    public static void main(String[] args) throws InterruptedException, ExecutionException {
        Path file = Path.of(args.length > 0 ? args[0] : "models/SmolLM2-135M-Instruct.Q4_1.gguf");
        Cancellation cancellation = new Cancellation();
        CountDownLatch enough = new CountDownLatch(10);
        GenerationListener listener =
                piece -> {
                    System.out.print(piece);
                    enough.countDown();
                };
        try (Model model = Model.open(file, ModelOptions.DEFAULT);
                Session session = model.newSession();
                ExecutorService worker = Executors.newSingleThreadExecutor()) {
            int[] prompt = model.rawPrompt("Once upon a time");
            GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(400);
            Future<GenerationResult> answer =
                    worker.submit(() -> session.generate(prompt, options, listener, cancellation));
            // What takes longer than ten seconds is stopped too.
            boolean read = enough.await(10, TimeUnit.SECONDS);
            cancellation.cancel();
            System.out.println(read ? "\n[read enough]" : "\n[took too long]");
            System.out.println(
                    answer.get().finish() + " after " + answer.get().ids().size() + " tokens");
        }
    }
}
