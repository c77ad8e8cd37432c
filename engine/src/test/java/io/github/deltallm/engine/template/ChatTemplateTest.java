package io.github.deltallm.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

class ChatTemplateTest {
    @Test
    void theExampleOfTheDocumentationWorks() {
        ChatTemplate template =
                ChatTemplate.compile(
                        "the chat template of model.gguf", Templates.resource("mistral-v1.jinja"));
        List<Segment> prompt =
                template.render(
                        List.of(Map.of("role", "user", "content", "Hello")),
                        true,
                        Map.of("bos_token", "<s>"));
        assertThat(prompt)
                .containsExactly(
                        new Segment("<s>[INST] ", true),
                        new Segment("Hello", false),
                        new Segment(" [/INST]", true));
    }

    @Test
    void anEmptyPromptHasNoSegments() {
        assertThat(Templates.of("").render(List.of(), true, Map.of())).isEmpty();
    }

    @Test
    void oneTemplateServesManyThreads() {
        ChatTemplate template = Templates.model("qwen-3");
        List<String> prompts =
                IntStream.range(0, 200)
                        .parallel()
                        .mapToObj(i ->
                                Templates.text(
                                        template.render(
                                                List.of(Conversations.user("question " + i)),
                                                true,
                                                Map.of())))
                        .toList();
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(prompts.get(i))
                    .isEqualTo(
                            "<|im_start|>user\nquestion "
                                    + i
                                    + "<|im_end|>\n<|im_start|>assistant\n");
        }
    }

    @Test
    void oneRenderingLeavesNothingToTheNext() {
        ChatTemplate template =
                Templates.of("{{ seen is defined }}{% set seen = 1 %}{{ loop is defined }}");
        assertThat(Templates.text(template.render(List.of(), true, Map.of())))
                .isEqualTo("FalseFalse");
        assertThat(Templates.text(template.render(List.of(), true, Map.of())))
                .isEqualTo("FalseFalse");
    }

    @Test
    void theCallersDataIsCopiedAndNeverChanged() {
        List<Object> tools = new ArrayList<>(List.of("a"));
        assertThat(
                        Templates.render(
                                "{% set tools = tools + ['b'] %}{{ tools|join }}",
                                Map.of("tools", tools)))
                .isEqualTo("ab");
        assertThat(tools).containsExactly("a");
    }

    @Test
    void toolsAndDocumentsAreNoneUnlessGiven() {
        assertThat(Templates.render("{{ tools is none }}{{ documents is none }}"))
                .isEqualTo("TrueTrue");
        assertThat(Templates.render("{{ tools }}", Map.of("tools", List.of(1)))).isEqualTo("[1]");
    }

    @Test
    void theGenerationPromptIsTheTemplatesToWrite() {
        ChatTemplate template = Templates.of("{{ add_generation_prompt }}");
        assertThat(Templates.text(template.render(List.of(), true, Map.of()))).isEqualTo("True");
        assertThat(Templates.text(template.render(List.of(), false, Map.of()))).isEqualTo("False");
    }

    @Test
    void dataOfEveryPlainClassArrives() {
        Map<String, Object> data = new HashMap<>();
        data.put("none", null);
        data.put(
                "numbers",
                List.of(
                        (byte) 1,
                        (short) 2,
                        3,
                        4L,
                        BigInteger.TWO,
                        1.5f,
                        2.5,
                        new BigDecimal("0.5")));
        data.put("text", List.of("s", CharBuffer.wrap("b"), 'c'));
        data.put("keys", Conversations.ordered("a", true));
        assertThat(
                        Templates.render(
                                "{{ d.none }} {{ d.numbers }} {{ d.text }} {{ d['keys'] }}",
                                Map.of("d", data)))
                .isEqualTo("None [1, 2, 3, 4, 2, 1.5, 2.5, 0.5] ['s', 'b', 'c'] {'a': True}");
    }

    @Test
    void anIntegerBeyond64BitsIsRefused() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() -> Templates.render("x", Map.of("n", BigInteger.ONE.shiftLeft(63))))
                .withMessageContaining("it has an integer of more than 64 bits");
    }

    @Test
    void segmentsAreTheWholePromptInOrder() {
        List<Map<String, Object>> messages =
                List.of(
                        Conversations.system("a"),
                        Conversations.user("b"),
                        Conversations.assistant("c"));
        for (String model :
                List.of(
                        "chatml",
                        "smollm2",
                        "llama-3",
                        "llama-3.1",
                        "qwen-2.5",
                        "qwen-3",
                        "zephyr",
                        "phi-3")) {
            List<Segment> prompt =
                    Templates.model(model).render(messages, true, Conversations.TOKENS);
            assertThat(prompt).noneMatch(segment -> segment.text().isEmpty());
            for (int i = 1; i < prompt.size(); i++) {
                assertThat(prompt.get(i).trusted()).isNotEqualTo(prompt.get(i - 1).trusted());
            }
            assertThat(Templates.trusted(prompt)).doesNotContain("assistantc");
        }
    }
}
