package io.github.deltallm.engine.template;

import static io.github.deltallm.engine.template.Conversations.TOKENS;
import static io.github.deltallm.engine.template.Conversations.assistant;
import static io.github.deltallm.engine.template.Conversations.calling;
import static io.github.deltallm.engine.template.Conversations.result;
import static io.github.deltallm.engine.template.Conversations.system;
import static io.github.deltallm.engine.template.Conversations.user;
import static io.github.deltallm.engine.template.Conversations.weatherTool;
import static io.github.deltallm.engine.template.Conversations.with;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/**
 * Llama 3 and later: what Jinja2 3.1.6 makes of the same templates under the settings of {@code
 * transformers}.
 */
class LlamaTemplatesTest {
    @Test
    void llama3TrimsEveryTurn() {
        assertThat(
                        render(
                                "llama-3",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

                        Hi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        Hello.<|eot_id|><|start_header_id|>user<|end_header_id|>

                        What <|im_end|> now?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31DatesTheSystemMessage() {
        assertThat(render("llama-3.1", List.of(system("Be brief."), user("Hi!")), true, TOKENS))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Today: 07 Mar 2025

                        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

                        Hi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31TakesTheDateItIsGiven() {
        assertThat(
                        render(
                                "llama-3.1",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                false,
                                with("date_string", "26 Jul 2024")))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Today: 26 Jul 2024

                        <|eot_id|><|start_header_id|>user<|end_header_id|>

                        Hi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        Hello.<|eot_id|><|start_header_id|>user<|end_header_id|>

                        What <|im_end|> now?<|eot_id|>\
                        """);
    }

    @Test
    void llama31ShowsToolsWithTheFirstQuestion() {
        assertThat(
                        render(
                                "llama-3.1",
                                List.of(system("Be brief."), user("Hi!")),
                                true,
                                with("tools", weatherTool())))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Environment: ipython
                        Today: 07 Mar 2025

                        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

                        Answer with a call of one of these functions:

                        {
                            "type": "function",
                            "function": {
                                "name": "weather",
                                "description": "Today's weather",
                                "parameters": {
                                    "type": "object",
                                    "properties": {
                                        "city": {
                                            "type": "string",
                                            "description": "A \\"city\\""
                                        }
                                    },
                                    "required": [
                                        "city"
                                    ]
                                }
                            }
                        }

                        Hi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31ShowsToolsToTheSystem() {
        assertThat(render("llama-3.1", List.of(user("Hi!")), true, inSystem()))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Environment: ipython
                        Today: 07 Mar 2025

                        These functions can be called:

                        {
                            "type": "function",
                            "function": {
                                "name": "weather",
                                "description": "Today's weather",
                                "parameters": {
                                    "type": "object",
                                    "properties": {
                                        "city": {
                                            "type": "string",
                                            "description": "A \\"city\\""
                                        }
                                    },
                                    "required": [
                                        "city"
                                    ]
                                }
                            }
                        }

                        <|eot_id|><|start_header_id|>user<|end_header_id|>

                        Hi!<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31WritesCallsAndResults() {
        assertThat(
                        render(
                                "llama-3.1",
                                List.of(
                                        user("Weather in Köln?"),
                                        calling(Map.of("city", "Köln")),
                                        result("rain, 12°")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Today: 07 Mar 2025

                        <|eot_id|><|start_header_id|>user<|end_header_id|>

                        Weather in Köln?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        {"name": "weather", "parameters": {"city": "Köln"}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

                        "rain, 12°"<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31CallsBuiltInTools() {
        assertThat(
                        render(
                                "llama-3.1",
                                List.of(
                                        user("Weather in Köln?"),
                                        calling(Map.of("city", "Köln")),
                                        result("rain, 12°")),
                                true,
                                with("builtin_tools", List.of("weather", "code_interpreter"))))
                .isEqualTo(
                        """
                        <s><|start_header_id|>system<|end_header_id|>

                        Environment: ipython
                        Tools: weather

                        Today: 07 Mar 2025

                        <|eot_id|><|start_header_id|>user<|end_header_id|>

                        Weather in Köln?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        <|python_tag|>weather.call(city="Köln")<|eom_id|><|start_header_id|>ipython<|end_header_id|>

                        "rain, 12°"<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                        """);
    }

    @Test
    void llama31RefusesToolsWithoutAQuestion() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        render(
                                "llama-3.1",
                                List.of(system("Be brief.")),
                                true,
                                with("tools", weatherTool())))
                .satisfies(refused ->
                        assertThat(refused.refusal())
                                .contains("There is no message to put the tools into!"));
    }

    private static String render(
            String template,
            List<Map<String, Object>> messages,
            boolean prompt,
            Map<String, Object> variables) {
        return Templates.text(Templates.model(template).render(messages, prompt, variables));
    }

    private static Map<String, Object> inSystem() {
        Map<String, Object> variables = with("tools", weatherTool());
        variables.put("in_question", false);
        return variables;
    }
}
