package io.github.deltallm.engine.template;

import static io.github.deltallm.engine.template.Conversations.TOKENS;
import static io.github.deltallm.engine.template.Conversations.assistant;
import static io.github.deltallm.engine.template.Conversations.calling;
import static io.github.deltallm.engine.template.Conversations.result;
import static io.github.deltallm.engine.template.Conversations.system;
import static io.github.deltallm.engine.template.Conversations.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/**
 * Gemma, Zephyr (and so TinyLlama), Phi 3 and DeepSeek R1: what Jinja2 3.1.6 makes of the same
 * templates under the settings of {@code transformers}.
 */
class OtherTemplatesTest {
    @Test
    void gemmaCallsTheAssistantModel() {
        assertThat(
                        render(
                                "gemma",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s><start_of_turn>user
                        Hi!<end_of_turn>
                        <start_of_turn>model
                        Hello.<end_of_turn>
                        <start_of_turn>user
                        What <|im_end|> now?<end_of_turn>
                        <start_of_turn>model
                        """);
    }

    @Test
    void zephyrDropsTheLinesOfItsTags() {
        assertThat(
                        render(
                                "zephyr",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|system|>
                        Be brief.</s>
                        <|user|>
                        Hi!</s>
                        <|assistant|>
                        Hello.</s>
                        <|user|>
                          What <|im_end|> now?
                        </s>
                        <|assistant|>
                        """);
    }

    @Test
    void zephyrWithoutGenerationPrompt() {
        assertThat(render("zephyr", List.of(user("Hi!"), assistant("Hello.")), false, TOKENS))
                .isEqualTo(
                        """
                        <|user|>
                        Hi!</s>
                        <|assistant|>
                        Hello.</s>
                        """);
    }

    @Test
    void phi3() {
        assertThat(
                        render(
                                "phi-3",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|system|>
                        Be brief.<|end|>
                        <|user|>
                        Hi!<|end|>
                        <|assistant|>
                        Hello.<|end|>
                        <|user|>
                          What <|im_end|> now?
                        <|end|>
                        <|assistant|>
                        """);
    }

    @Test
    void phi3EndsWithEosOtherwise() {
        assertThat(render("phi-3", List.of(user("Hi!"), assistant("Hello.")), false, TOKENS))
                .isEqualTo(
                        """
                        <|user|>
                        Hi!<|end|>
                        <|assistant|>
                        Hello.<|end|>
                        </s>\
                        """);
    }

    @Test
    void deepSeekForgetsThoughts() {
        assertThat(
                        render(
                                "deepseek-r1",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("<think>\nhm\n</think>\n\nHello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>Be brief.<｜User｜>Hi!<｜Assistant｜>

                        Hello.<｜end▁of▁sentence｜><｜User｜>  What <|im_end|> now?
                        <｜Assistant｜><think>
                        """);
    }

    @Test
    void deepSeekWritesCallsAndResults() {
        assertThat(
                        render(
                                "deepseek-r1",
                                List.of(
                                        user("Hi!"),
                                        calling("{\"city\": \"Köln\"}"),
                                        result("rain"),
                                        result("wind")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s><｜User｜>Hi!<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather
                        ```json
                        {"city": "Köln"}
                        ```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>rain<｜tool▁output▁end｜>
                        <｜tool▁output▁begin｜>wind<｜tool▁output▁end｜><｜tool▁outputs▁end｜>\
                        """);
    }

    @Test
    void deepSeekAnswersAfterResults() {
        assertThat(
                        render(
                                "deepseek-r1",
                                List.of(
                                        user("Hi!"),
                                        calling("{\"city\": \"Köln\"}"),
                                        result("rain"),
                                        assistant("Hello."),
                                        user("Hi!")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s><｜User｜>Hi!<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather
                        ```json
                        {"city": "Köln"}
                        ```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>rain<｜tool▁output▁end｜><｜tool▁outputs▁end｜>Hello.<｜end▁of▁sentence｜><｜User｜>Hi!<｜Assistant｜><think>
                        """);
    }

    @Test
    void gemmaRefusesASystemMessage() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        render("gemma", List.of(system("Be brief."), user("Hi!")), true, TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal()).contains("System role not supported"));
    }

    @Test
    void gemmaRefusesTwoQuestionsInARow() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() -> render("gemma", List.of(user("Hi!"), user("Hi!")), true, TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal())
                                .contains("Users and assistants have to take turns!"));
    }

    private static String render(
            String template,
            List<Map<String, Object>> messages,
            boolean prompt,
            Map<String, Object> variables) {
        return Templates.text(Templates.model(template).render(messages, prompt, variables));
    }
}
