package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

class InspectCommandTest {
    /** Clears a screen, rings, moves back, and the same with an 8-bit control sequence. */
    private static final String HOSTILE = "a\u001b[2J\u0007\r\n\u009b2J\u007fz";

    @TempDir Path folder;

    @Test
    void controlCharactersOfAFileAreEscaped() throws IOException {
        Path file = hostileFile();
        Outcome text = Outcome.watched("inspect", file.toString(), "--tensors");
        assertThat(text.code()).isZero();
        assertThat(controls(text.out())).containsOnly('\n');
        assertThat(text.out())
                .contains("name           a\\u001b[2J\\u0007\\r\\n\\u009b2J\\u007fz")
                .contains("tensor of a\\u001b[2J");
        Outcome json = Outcome.of("inspect", file.toString(), "--tensors", "--format", "json");
        assertThat(controls(json.out())).containsOnly('\n');
        assertThat(json.json().at("/name").asString()).isEqualTo(HOSTILE);
        assertThat(json.json().at("/metadata").get("key of " + HOSTILE).asString())
                .isEqualTo(HOSTILE);
        Outcome refused = Outcome.of("logits", "--model", file.toString(), "Hello");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("\\u001b[2J");
        assertThat(controls(refused.err())).containsOnly('\n');
    }

    /** A GGUF file of three texts and one tensor. */
    private Path hostileFile() throws IOException {
        ByteBuffer file = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0x4655_4747).putInt(3).putLong(1).putLong(3);
        for (String key : List.of("general.architecture", "general.name", "key of " + HOSTILE)) {
            text(file, key);
            file.putInt(8);
            text(file, HOSTILE);
        }
        text(file, "tensor of " + HOSTILE);
        file.putInt(1).putLong(1).putInt(0).putLong(0);
        int data = (file.position() + 31) / 32 * 32;
        file.position(data + 4);
        return Files.write(
                folder.resolve("hostile.gguf"), Arrays.copyOf(file.array(), file.position()));
    }

    private static void text(ByteBuffer file, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        file.putLong(bytes.length).put(bytes);
    }

    private static List<Character> controls(String text) {
        return text.chars().filter(Character::isISOControl).mapToObj(c -> (char) c).toList();
    }

    @Test
    void modelsAreDescribed() {
        Outcome outcome = Outcome.of("inspect", Outcome.embedded(), "--format", "json");
        assertThat(outcome.code()).isZero();
        JsonNode json = outcome.json();
        assertThat(json.at("/architecture").asString()).isEqualTo("llama");
        assertThat(json.at("/parameters").asLong()).isEqualTo(134_515_008);
        assertThat(json.at("/shapes/context").asInt()).isEqualTo(8192);
        assertThat(json.at("/shapes/head_dim").asInt()).isEqualTo(64);
        assertThat(json.at("/tensors").asInt()).isEqualTo(272);
        assertThat(json.at("/tensor_types")).hasSize(3);
        assertThat(json.at("/tensor_types/0/type").asString()).isEqualTo("F32");
        assertThat(json.at("/tokenizer/vocabulary").asInt()).isEqualTo(49152);
        assertThat(json.at("/tokenizer/special/eos").asInt()).isEqualTo(2);
        assertThat(json.at("/tokenizer/chat_template").asBoolean()).isTrue();
        assertThat(json.at("/metadata").get("tokenizer.ggml.tokens").get("size").asInt())
                .isEqualTo(49152);
        assertThat(json.has("tensor_list")).isFalse();
    }

    @Test
    void tensorsAreListedOnRequest() {
        Outcome json = Outcome.of("inspect", Outcome.stories(), "--tensors", "--format", "json");
        JsonNode list = json.json().at("/tensor_list");
        assertThat(list.size()).isEqualTo(json.json().at("/tensors").asInt());
        assertThat(Outcome.names(list.get(0)))
                .containsExactly("name", "type", "dimensions", "part", "offset", "bytes");
        assertThat(Outcome.of("inspect", Outcome.stories(), "--tensors").out())
                .contains("blk.0.attn_q.weight", "64 x 64");
    }

    @Test
    void textTellsTheSame() {
        assertThat(Outcome.of("inspect", Outcome.embedded()).out())
                .contains("134,515,008 in 272 tensors", "byte-level BPE", "Q4_1", "bos 1, eos 2");
    }

    @Test
    void vocabulariesAndUnknownArchitecturesWork() {
        String vocabulary = SharedData.require("tokenizers/ggml-vocab-gpt-2.gguf").toString();
        Outcome gpt2 = Outcome.of("inspect", vocabulary);
        assertThat(gpt2.code()).isZero();
        assertThat(gpt2.out()).contains("gpt2", "0 in 0 tensors");
        String bitnet = SharedData.require("models/bitnet-stories-i2s.gguf").toString();
        assertThat(Outcome.of("inspect", bitnet).out()).contains("bitnet-b1.58", "I2_S");
    }
}
