package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Ctrl-C, sent to a process of its own. */
class InterruptTest {
    private static final String PROMPT = "1, 2, 3, 4, 5, 6, 7,";

    @Test
    void whatIsThereIsPrinted() throws Exception {
        Process process = start("generate", "--raw", "--max-tokens", "4000", PROMPT);
        try (InputStream out = process.getInputStream()) {
            int first = out.read();
            interrupt(process);
            String rest = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(130);
            assertThat((char) first + rest).endsWith("\n");
            assertThat(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("cancelled");
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void jsonIsWhole() throws Exception {
        Process process =
                start("generate", "--raw", "--format", "json", "--max-tokens", "4000", PROMPT);
        try {
            // No sign of life before the end: the model is loaded by then, or the test is of no
            // use.
            if (process.waitFor(4, TimeUnit.SECONDS)) {
                abort("SKIPPED: the answer was complete before it could be interrupted");
            }
            interrupt(process);
            String out =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).isEqualTo(130);
            if (!out.isEmpty()) {
                assertThat(
                                JsonMapper.builder()
                                        .build()
                                        .readTree(out)
                                        .at("/finish_reason")
                                        .asString())
                        .isEqualTo("cancelled");
            }
        } finally {
            process.destroyForcibly();
        }
    }

    private static Process start(String... args) throws IOException, InterruptedException {
        // Maven in the background ignores the signal, and so would all its descendants.
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        if (new ProcessBuilder(Stream.concat(command.stream(), Stream.of("true")).toList())
                        .start()
                        .waitFor()
                != 0) {
            abort("SKIPPED: env has no --default-signal here");
        }
        String path =
                Stream.of("java.class.path", "jdk.module.path")
                        .map(System::getProperty)
                        .flatMap(found -> Optional.ofNullable(found).stream())
                        .collect(Collectors.joining(System.getProperty("path.separator")));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--add-modules=jdk.incubator.vector");
        command.add("-Xmx1g");
        command.add("-cp");
        command.add(path);
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        command.addAll(List.of("--model", Outcome.embedded()));
        return new ProcessBuilder(command).start();
    }

    private static void interrupt(Process process) throws IOException, InterruptedException {
        assertThat(
                        new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                                .start()
                                .waitFor())
                .isZero();
    }
}
