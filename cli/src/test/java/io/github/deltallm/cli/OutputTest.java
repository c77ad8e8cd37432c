package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

class OutputTest {
    private static Outcome into(String failure, String... args) {
        OutputStream full =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException(failure);
                    }
                };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = DeltaLlm.run(Streams.of(InputStream.nullInputStream(), full, err, false), args);
        return new Outcome(code, "", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aReaderThatIsGoneEndsTheProgramQuietly() {
        Outcome outcome =
                into("Broken pipe", "tokenize", "--model", Outcome.stories(), "Once upon a time");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void aFullDiskIsTold() {
        for (String[] args :
                new String[][] {
                    {"--help"},
                    {"backends"},
                    {"generate", "--model", Outcome.stories(), "--max-tokens", "2", "Once"},
                    {"inspect", Outcome.stories(), "--format", "json"}
                }) {
            Outcome outcome = into("No space left on device", args);
            assertThat(outcome.code()).isEqualTo(1);
            assertThat(outcome.err())
                    .isEqualTo(
                            "deltallm: the output could not be written: No space left on"
                                    + " device\n");
        }
    }

    @Test
    void answersKeepControlCharactersOnlyWhereNoTerminalObeysThem() {
        String answer = "red \u001b[31m\tline\nnext\r\u009b1m";
        assertThat(answered(answer, false)).isEqualTo(answer);
        assertThat(answered(answer, true)).isEqualTo("red \\u001b[31m\tline\nnext\\r\\u009b1m");
    }

    private static String answered(String answer, boolean terminal) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Streams.of(InputStream.nullInputStream(), out, new ByteArrayOutputStream(), terminal)
                .answer(answer);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void numbersThatAreNotFiniteBecomeNull() {
        String text =
                Json.object(json ->
                        json.put("nan", Double.NaN)
                                .put("infinite", Double.NEGATIVE_INFINITY)
                                .put("finite", 0.5)
                                .put("none", (String) null)
                                .put("text", "\"\n\u00e4"));
        assertThat(text)
                .isEqualTo(
                        "{\"nan\":null,\"infinite\":null,\"finite\":0.5,\"none\":null,"
                                + "\"text\":\"\\\"\\n\u00e4\"}");
    }

    @Test
    void aDocumentThatFailsDoesNotAppear() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintWriter writer = new PrintWriter(out, true, StandardCharsets.UTF_8);
        try {
            Json.print(
                    writer,
                    json -> {
                        json.put("a", 1);
                        throw new IllegalStateException("stop");
                    });
        } catch (IllegalStateException expected) {
            assertThat(out.size()).isZero();
            return;
        }
        throw new AssertionError("no failure");
    }

    @Test
    void columnsAreAligned() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintWriter writer = new PrintWriter(out, false, StandardCharsets.UTF_8);
        new Table("name", "size>", "rest").row("a", 5, "x").row("long", 12345, "").print(writer);
        writer.flush();
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .isEqualTo(List.of("name   size  rest", "a         5  x", "long  12345"));
    }

    @Test
    void unitsAreForPeople() {
        assertThat(Units.bytes(512)).isEqualTo("512 B");
        assertThat(Units.bytes(1536)).isEqualTo("1.5 KiB");
        assertThat(Units.bytes(1024 * 1024 - 1)).isEqualTo("1.0 MiB");
        assertThat(Units.bytes(5L << 40)).isEqualTo("5.0 TiB");
        assertThat(Units.percent(0.125)).isEqualTo("12.5 %");
    }

    @Test
    void errorsWithoutAMessageOfOursAreOneSentenceToo() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Failures failures = new Failures(new PrintWriter(err, true, StandardCharsets.UTF_8), false);
        assertThat(failures.failed(new OutOfMemoryError("Java heap space"))).isEqualTo(1);
        assertThat(failures.failed(new IllegalStateException("odd"))).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .hasLineCount(2)
                .contains("not enough memory (Java heap space)", "--verbose prints");
    }
}
