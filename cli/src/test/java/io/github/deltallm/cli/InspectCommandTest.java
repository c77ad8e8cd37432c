package io.github.deltallm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.testsupport.SharedData;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

class InspectCommandTest {
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
