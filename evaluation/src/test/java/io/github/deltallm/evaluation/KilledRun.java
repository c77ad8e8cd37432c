package io.github.deltallm.evaluation;

import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;

import java.nio.file.Path;

/** An evaluation in a process of its own, to be killed; see {@link KillTest}. */
final class KilledRun {
    private KilledRun() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        try (Model model = TinyModel.open()) {
            EvaluationRun.run(
                    model,
                    TinyModel.OPTIONS,
                    TinyTasks.choices(folder, KillTest.ITEMS),
                    folder.resolve(KillTest.OUT),
                    TinyTasks.RUN,
                    new Cancellation(),
                    (what, done, fresh, total) -> {});
        }
    }
}
