package io.github.deltallm.engine.template;

import static io.github.deltallm.engine.template.Conversations.TOKENS;
import static io.github.deltallm.engine.template.Conversations.assistant;
import static io.github.deltallm.engine.template.Conversations.calling;
import static io.github.deltallm.engine.template.Conversations.ordered;
import static io.github.deltallm.engine.template.Conversations.result;
import static io.github.deltallm.engine.template.Conversations.system;
import static io.github.deltallm.engine.template.Conversations.user;
import static io.github.deltallm.engine.template.Conversations.weatherTool;
import static io.github.deltallm.engine.template.Conversations.with;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;

/**
 * ChatML and the models that grew from it: what Jinja2 3.1.6 makes of the same templates under the
 * settings of {@code transformers}.
 */
class ChatMlTemplatesTest {
    @Test
    void chatMl() {
        assertThat(
                        render(
                                "chatml",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>system
                        Be brief.<|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        Hello.<|im_end|>
                        <|im_start|>user
                          What <|im_end|> now?
                        <|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void chatMlWithoutGenerationPrompt() {
        assertThat(render("chatml", List.of(user("Hi!")), false, TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>user
                        Hi!<|im_end|>
                        """);
    }

    @Test
    void smolLm2AddsItsSystemMessage() {
        assertThat(
                        render(
                                "smollm2",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>system
                        You are a small and helpful model<|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        Hello.<|im_end|>
                        <|im_start|>user
                          What <|im_end|> now?
                        <|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void smolLm2KeepsAGivenSystemMessage() {
        assertThat(render("smollm2", List.of(system("Be brief."), user("Hi!")), true, TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>system
                        Be brief.<|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen25AddsItsSystemMessage() {
        assertThat(render("qwen-2.5", List.of(user("Hi!")), true, TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>system
                        You help.<|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen25ListsTools() {
        assertThat(
                        render(
                                "qwen-2.5",
                                List.of(system("Be brief."), user("Hi!")),
                                true,
                                with("tools", weatherTool())))
                .isEqualTo(
                        """
                        <|im_start|>system
                        Be brief.

                        # Tools

                        Functions within <tools></tools>:
                        <tools>
                        {"type": "function", "function": {"name": "weather", "description": "Today's weather", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "A \\"city\\""}}, "required": ["city"]}}}
                        </tools>

                        Call one as:
                        <tool_call>
                        {"name": <function-name>, "arguments": <args-json-object>}
                        </tool_call><|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen25WritesCallsAndResults() {
        assertThat(
                        render(
                                "qwen-2.5",
                                List.of(
                                        user("Weather in Köln?"),
                                        calling(Map.of("city", "Köln")),
                                        result("rain, 12°"),
                                        result("wind"),
                                        assistant("Hello.")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>system
                        You help.<|im_end|>
                        <|im_start|>user
                        Weather in Köln?<|im_end|>
                        <|im_start|>assistant
                        <tool_call>
                        {"name": "weather", "arguments": {"city": "Köln"}}
                        </tool_call><|im_end|>
                        <|im_start|>user
                        <tool_response>
                        rain, 12°
                        </tool_response>
                        <tool_response>
                        wind
                        </tool_response><|im_end|>
                        <|im_start|>assistant
                        Hello.<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen3DropsThoughtsBeforeTheLastQuestion() {
        assertThat(
                        render(
                                "qwen-3",
                                List.of(
                                        user("Hi!"),
                                        assistant("<think>\nhm\n</think>\n\nHello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        Hello.<|im_end|>
                        <|im_start|>user
                          What <|im_end|> now?
                        <|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen3KeepsThoughtsAfterTheLastQuestion() {
        assertThat(
                        render(
                                "qwen-3",
                                List.of(user("Hi!"), assistant("<think>\nhm\n</think>\n\nHello.")),
                                false,
                                TOKENS))
                .isEqualTo(
                        """
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        <think>
                        hm
                        </think>

                        Hello.<|im_end|>
                        """);
    }

    @Test
    void qwen3KeepsThoughtsAcrossCalls() {
        assertThat(
                        render(
                                "qwen-3",
                                List.of(
                                        user("Hi!"),
                                        ordered(
                                                "role",
                                                "assistant",
                                                "content",
                                                "",
                                                "reasoning_content",
                                                "\nlook it up\n",
                                                "tool_calls",
                                                calling(Map.of("city", "Köln")).get("tool_calls")),
                                        result("rain"),
                                        result("wind")),
                                true,
                                with("tools", weatherTool())))
                .isEqualTo(
                        """
                        <|im_start|>system
                        # Tools

                        <tools>
                        {"type": "function", "function": {"name": "weather", "description": "Today's weather", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "A \\"city\\""}}, "required": ["city"]}}}
                        </tools><|im_end|>
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        <think>
                        look it up
                        </think>

                        <tool_call>
                        {"name": "weather", "arguments": {"city": "Köln"}}
                        </tool_call><|im_end|>
                        <|im_start|>user
                        <tool_response>
                        rain
                        </tool_response>
                        <tool_response>
                        wind
                        </tool_response><|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void qwen3DoesNotThinkWhenToldSo() {
        assertThat(render("qwen-3", List.of(user("Hi!")), true, with("enable_thinking", false)))
                .isEqualTo(
                        """
                        <|im_start|>user
                        Hi!<|im_end|>
                        <|im_start|>assistant
                        <think>

                        </think>

                        """);
    }

    private static String render(
            String template,
            List<Map<String, Object>> messages,
            boolean prompt,
            Map<String, Object> variables) {
        return Templates.text(Templates.model(template).render(messages, prompt, variables));
    }
}
