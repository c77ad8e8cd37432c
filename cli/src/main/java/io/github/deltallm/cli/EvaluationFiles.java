package io.github.deltallm.cli;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.engine.Model;
import io.github.deltallm.evaluation.EvaluationOptions;
import io.github.deltallm.evaluation.report.CsvReport;
import io.github.deltallm.evaluation.report.HtmlReport;
import io.github.deltallm.evaluation.result.Evaluation;
import io.github.deltallm.evaluation.result.EvaluationCsv;
import io.github.deltallm.evaluation.result.EvaluationJson;
import io.github.deltallm.evaluation.result.RunInfo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The files of an evaluation's folder, and what they say about the run. */
final class EvaluationFiles {
    private static final int GIT_SECONDS = 5;

    private EvaluationFiles() {}

    /** What is known of a run when it begins. */
    static RunInfo run(Model model, EvaluationOptions options) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put(
                "task",
                options.tasks().stream()
                        .map(source -> source.task().label() + " " + name(source.data()))
                        .collect(Collectors.joining("; ")));
        settings.put(
                "attention",
                options.attentions().stream()
                        .map(AttentionSpec::toString)
                        .collect(Collectors.joining("; ")));
        settings.put("limit", options.limit() == 0 ? "none" : Integer.toString(options.limit()));
        settings.put("seed", Long.toString(options.seed()));
        settings.put("shots", Integer.toString(options.shots()));
        settings.put("window", options.window() == 0 ? "usual" : "" + options.window());
        settings.put("stride", options.stride() == 0 ? "usual" : "" + options.stride());
        settings.put("max-tokens", Integer.toString(options.maxTokens()));
        return new RunInfo(
                name(Path.of(model.name())),
                model.identity().sha256(),
                model.architecture(),
                model.backend(),
                model.backendDescription(),
                Version.text(),
                commit(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                settings);
    }

    private static String name(Path path) {
        Path name = path.getFileName();
        return name == null ? path.toString() : name.toString();
    }

    /**
     * The commit of the sources that the launcher runs from; empty where they are no repository.
     */
    private static String commit() {
        String home = System.getProperty("deltallm.home", "");
        if (home.isEmpty() || !Files.exists(Path.of(home, ".git"))) {
            return "";
        }
        try {
            Process git =
                    new ProcessBuilder(
                                    "git",
                                    "-C",
                                    home,
                                    "describe",
                                    "--always",
                                    "--dirty",
                                    "--abbrev=12",
                                    "--exclude=*")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String words = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            boolean done = git.waitFor(GIT_SECONDS, TimeUnit.SECONDS) && git.exitValue() == 0;
            return done ? words.strip() : "";
        } catch (IOException e) {
            return ""; // no git here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /**
     * Writes results.json, results.csv, report.html and the report's tables; each appears as a
     * whole.
     *
     * @throws DeltaLlmException if that fails
     */
    static void write(Path folder, Evaluation evaluation) {
        write(folder.resolve("results.json"), EvaluationJson.of(evaluation) + "\n");
        write(folder.resolve("results.csv"), EvaluationCsv.of(evaluation));
        new HtmlReport(evaluation).writeTo(folder.resolve("report.html"));
        new CsvReport(evaluation).writeTo(folder);
    }

    private static void write(Path file, String text) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.writeString(part, text);
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new DeltaLlmException(
                    "the file " + file + " can't be written: " + e.getMessage(), e);
        }
    }
}
