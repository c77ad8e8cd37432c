package io.github.deltallm.integration;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.examples.CancelGeneration;
import io.github.deltallm.examples.Chat;
import io.github.deltallm.examples.ChooseBackend;
import io.github.deltallm.examples.CustomAttention;
import io.github.deltallm.examples.Hello;
import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The examples do what they say. */
@ResourceLock(Resources.SYSTEM_OUT)
class ExamplesTest {
    @Test
    void hello() throws Exception {
        assertThat(printedBy(Hello::main, embedded())).containsIgnoringCase("gravity");
    }

    @Test
    void chooseBackend() throws Exception {
        assertThat(printedBy(ChooseBackend::main, stories(), "reference"))
                .contains("cpu runs on", "reference runs on", "chosen: reference");
    }

    @Test
    void chooseBackendThatIsNotThere() throws Exception {
        assertThat(printedBy(ChooseBackend::main, stories(), "abacus"))
                .contains("failed: ", "'abacus'", "reference")
                .doesNotContain("chosen");
    }

    @Test
    void chat() throws Exception {
        assertThat(printedBy(Chat::main, embedded()))
                .contains("Paris")
                .containsPattern("\\[0 of \\d+ prompt tokens reused]")
                .containsPattern("\\[[1-9]\\d+ of \\d+ prompt tokens reused]");
    }

    @Test
    void cancelGeneration() throws Exception {
        assertThat(printedBy(CancelGeneration::main, stories()))
                .contains("[read enough]", "CANCELLED after ");
    }

    @Test
    void customAttention() throws Exception {
        assertThat(printedBy(CustomAttention::main, stories()))
                .containsPattern("\\[example-window:size=16,sinks=2 skipped [1-9]\\d % ");
    }

    /** A program's entry. */
    private interface Entry {
        void main(String[] arguments) throws Exception;
    }

    private static String printedBy(Entry program, String... arguments) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            program.main(arguments);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static String embedded() {
        return SharedData.embeddedModel().toString();
    }

    private static String stories() {
        return SharedData.require("models/stories260K-f32.gguf").toString();
    }
}
