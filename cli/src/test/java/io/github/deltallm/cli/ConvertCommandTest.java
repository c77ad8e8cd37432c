package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.nio.file.Files;
import java.nio.file.Path;

class ConvertCommandTest {
    @TempDir Path folder;

    private static String bitNet() {
        return SharedData.require("models/bitnet-stories-i2s.gguf").toString();
    }

    private Outcome convert(String in, String... more) {
        String[] all = new String[3 + more.length];
        all[0] = "convert";
        all[1] = in;
        all[2] = folder.resolve("out.gguf").toString();
        System.arraycopy(more, 0, all, 3, more.length);
        return Outcome.of(all);
    }

    @Test
    void ternaryTypesBecomeOneAnother() throws Exception {
        Outcome outcome = convert(bitNet(), "--type", "TQ1_0", "--format", "json");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.err()).isEmpty();
        JsonNode json = outcome.json();
        assertThat(Outcome.names(json)).startsWith("tensors", "bytes", "max_error");
        assertThat(json.at("/tensors").asInt()).isEqualTo(21);
        assertThat(json.at("/bytes").asLong()).isEqualTo(Files.size(folder.resolve("out.gguf")));
        assertThat(json.at("/max_error").asDouble()).isZero();
        String out = folder.resolve("out.gguf").toString();
        assertThat(Outcome.of("inspect", out).out()).contains("TQ1_0       21");
    }

    @Test
    void floatsAreMadeTernaryWithANote() {
        // 64 columns: no ternary type has blocks as small.
        assertThat(convert(Outcome.stories(), "--type", "i2_s").err())
                .contains("tensor blk.0.attn_q.weight", "rows of 64 weights");
        assertThat(convert(Outcome.embedded(), "--type", "i2_s").err()).contains("it is Q4_1");
    }

    @Test
    void textTellsHowFarTheWeightsAreOff() {
        assertThat(convert(bitNet(), "--type", "TQ2_0").out())
                .contains("21 encoded as TQ2_0", "off by nothing at most");
    }

    @Test
    void wrongUsageIsTold() {
        Outcome type = convert(bitNet(), "--type", "Q4_0");
        assertThat(type.code()).isEqualTo(2);
        assertThat(type.err()).contains("not one of TQ1_0, TQ2_0, I2_S");
        assertThat(convert(bitNet()).err()).contains("--type");
        Outcome self = Outcome.of("convert", bitNet(), bitNet(), "--type", "TQ1_0");
        assertThat(self.code()).isEqualTo(2);
        assertThat(self.err()).contains("can't be converted in place");
        Outcome missing = convert("none.gguf", "--type", "TQ1_0");
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("there is no model none.gguf");
        assertThat(folder).isEmptyDirectory();
    }
}
