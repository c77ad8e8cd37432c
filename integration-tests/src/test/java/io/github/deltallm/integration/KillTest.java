package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.cli.InProcess;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Damaged models do not get far: exit code 1, one sentence on standard error, nothing on standard
 * output, no stack trace.
 */
class KillTest {
    private static final int PARTS = 64;

    /** More than the metadata and the tensors' list of the embedded model. */
    private static final int EMBEDDED_BEGINNING = 4 << 20;

    private static final List<Run> RUNS = new ArrayList<>();

    /** How long a call took. */
    private record Run(String what, long nanos) {}

    @TempDir private Path folder;

    @AfterAll
    static void tellTheLongest() {
        RUNS.stream()
                .max((one, other) -> Long.compare(one.nanos(), other.nanos()))
                .ifPresent(longest ->
                        System.out.printf(
                                "KillTest: of %d calls the longest, %s, took %.0f ms%n",
                                RUNS.size(), longest.what(), longest.nanos() / 1e6));
    }

    @TestFactory
    Stream<DynamicTest> damaged() throws IOException {
        return DamagedModels.in(folder).entrySet().stream()
                .map(model ->
                        DynamicTest.dynamicTest(
                                model.getKey(), () -> isRefused(model.getKey(), model.getValue())));
    }

    @Test
    void truncatedStories260K() throws IOException {
        Path whole = SharedData.require("models/stories260K-f32.gguf");
        truncatedIsRefused(whole, Math.toIntExact(Files.size(whole)));
    }

    @Test
    void truncatedEmbeddedModel() throws IOException {
        truncatedIsRefused(SharedData.embeddedModel(), EMBEDDED_BEGINNING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wrong magic", "missing tensor", "no tokenizer"})
    void inAJvmOfItsOwnToo(String wrong) throws Exception {
        Path model = DamagedModels.in(folder).get(wrong);
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-p",
                                CompiledSources.join(BuiltModules.neededToRun("cli")),
                                "-m",
                                "io.github.deltallm.cli/io.github.deltallm.cli.Main"));
        arguments.addAll(List.of(arguments(model)));
        ForkedJvm.Ended ended = ForkedJvm.run(arguments);
        isOneSentence(wrong, model, ended.exit(), ended.out(), ended.err());
    }

    /** Cuts the first {@code length} bytes of a model at every 64th part of them. */
    private void truncatedIsRefused(Path whole, int length) throws IOException {
        Path cut = folder.resolve("cut.gguf");
        try (InputStream in = Files.newInputStream(whole)) {
            Files.write(cut, in.readNBytes(length));
        }
        for (int part : IntStream.range(0, PARTS).map(i -> PARTS - 1 - i).toArray()) {
            long end = (long) length * part / PARTS;
            try (FileChannel channel = FileChannel.open(cut, StandardOpenOption.WRITE)) {
                channel.truncate(end);
            }
            isRefused(whole.getFileName() + " of " + end + " bytes", cut);
        }
    }

    private static void isRefused(String what, Path model) {
        long start = System.nanoTime();
        InProcess.Ended ended = InProcess.run(arguments(model));
        RUNS.add(new Run(what, System.nanoTime() - start));
        isOneSentence(what, model, ended.exit(), ended.out(), ended.err());
    }

    private static String[] arguments(Path model) {
        return new String[] {
            "generate", "--model", model.toString(), "--raw", "--max-tokens", "1", "Hello"
        };
    }

    private static void isOneSentence(String what, Path model, int exit, String out, String err) {
        assertThat(exit).as("exit code for %s; it said: %s", what, err).isEqualTo(1);
        assertThat(out).as("standard output for %s", what).isEmpty();
        assertThat(err.lines()).as("standard error for %s", what).hasSize(1);
        assertThat(err)
                .as("standard error for %s", what)
                .startsWith("deltallm: ")
                .contains(model.getFileName().toString())
                .doesNotContain("Exception", "unexpected", "\tat ");
    }
}
