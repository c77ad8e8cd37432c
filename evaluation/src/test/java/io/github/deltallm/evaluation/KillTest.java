package io.github.deltallm.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.engine.Cancellation;
import io.github.deltallm.engine.Model;
import io.github.deltallm.evaluation.result.Evaluation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process that is killed at any moment loses nothing but what it was about to find. */
class KillTest {
    static final int ITEMS = 70;
    static final String OUT = "killed";

    /** Items under two attentions, and what was seen of keys under both. */
    private static final int LINES = 2 * ITEMS + 2;

    private static final int TORN_BYTES = 9;
    private static final long PATIENCE_MILLIS = 120_000;

    @TempDir private Path folder;

    @Test
    void killedTwiceAndTornItComesToTheSameScores() throws Exception {
        Evaluation whole;
        try (Model model = TinyModel.open()) {
            whole = run(model, folder.resolve("whole"));
        }
        int first = killedWith(1);
        tear();
        int second = killedWith(first + 1);
        assertThat(second).isGreaterThan(first);
        tear();
        try (Model model = TinyModel.open()) {
            Evaluation resumed = run(model, folder.resolve(OUT));
            assertThat(TinyTasks.withoutSpeed(resumed)).isEqualTo(TinyTasks.withoutSpeed(whole));
        }
        List<String> lines = Files.readAllLines(journal());
        assertThat(lines).hasSize(LINES).doesNotHaveDuplicates();
    }

    private Evaluation run(Model model, Path out) throws IOException {
        return EvaluationRun.run(
                model,
                TinyModel.OPTIONS,
                TinyTasks.choices(folder, ITEMS),
                out,
                TinyTasks.RUN,
                new Cancellation(),
                (what, done, fresh, total) -> {});
    }

    private Path journal() {
        return folder.resolve(OUT).resolve(EvaluationRun.JOURNAL);
    }

    /** Runs until there are some lines, kills the process as kill -9 does, and counts them. */
    private int killedWith(int lines) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx512m",
                                "-XX:+UseSerialGC",
                                "-Ddeltallm.root=" + System.getProperty("deltallm.root", ""),
                                "-Ddeltallm.shared=" + System.getProperty("deltallm.shared", ""),
                                "-cp",
                                classPath(),
                                KilledRun.class.getName(),
                                folder.toString())
                        .inheritIO()
                        .start();
        long end = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (count() < lines && process.isAlive() && System.currentTimeMillis() < end) {
            Thread.sleep(1);
        }
        process.destroyForcibly();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(count()).as("finished items").isBetween(lines, LINES);
        return count();
    }

    private int count() throws IOException {
        return Files.exists(journal()) ? Files.readAllLines(journal()).size() : 0;
    }

    /** As if the process had been killed in the middle of a line. */
    private void tear() throws IOException {
        try (FileChannel channel = FileChannel.open(journal(), StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - TORN_BYTES);
        }
    }

    /**
     * Of everything, as half of the users run it: where the modules are, and the tests' own
     * classes.
     */
    private static String classPath() {
        Path target = Path.of(System.getProperty("basedir", "")).resolve("target");
        return Stream.of(
                        target.resolve("classes").toString(),
                        target.resolve("test-classes").toString(),
                        System.getProperty("jdk.module.path", ""),
                        System.getProperty("java.class.path", ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
    }
}
