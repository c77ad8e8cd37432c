package io.github.deltallm.engine.template;

import static io.github.deltallm.engine.template.Conversations.TOKENS;
import static io.github.deltallm.engine.template.Conversations.assistant;
import static io.github.deltallm.engine.template.Conversations.calling;
import static io.github.deltallm.engine.template.Conversations.message;
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
 * Several versions of Mistral's templates: what Jinja2 3.1.6 makes of the same templates under the
 * settings of {@code transformers}.
 */
class MistralTemplatesTest {
    @Test
    void version1() {
        assertThat(
                        render(
                                "mistral-v1",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>[INST] Hi! [/INST]Hello.</s>[INST]   What <|im_end|> now?
                         [/INST]\
                        """);
    }

    @Test
    void version3PutsTheSystemMessageIntoTheLastQuestion() {
        assertThat(
                        render(
                                "mistral-v3",
                                List.of(
                                        system("Be brief."),
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>[INST] Hi![/INST] Hello.</s>[INST] Be brief.

                          What <|im_end|> now?
                        [/INST]\
                        """);
    }

    @Test
    void version3ShowsToolsWithTheLastQuestion() {
        assertThat(
                        render(
                                "mistral-v3",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                with("tools", weatherTool())))
                .isEqualTo(
                        """
                        <s>[INST] Hi![/INST] Hello.</s>[AVAILABLE_TOOLS] [{"type": "function", "function": {"name": "weather", "description": "Today's weather", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "A \\"city\\""}}, "required": ["city"]}}}][/AVAILABLE_TOOLS][INST]   What <|im_end|> now?
                        [/INST]\
                        """);
    }

    @Test
    void version3WritesCallsAndResults() {
        assertThat(
                        render(
                                "mistral-v3",
                                List.of(
                                        user("Weather in Köln?"),
                                        calling(Map.of("city", "Köln")),
                                        result("rain, 12°"),
                                        assistant("Hello.")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>[INST] Weather in Köln?[/INST][TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Köln"}, "id": "call12345"}]</s>[TOOL_RESULTS] {"content": rain, 12°, "call_id": "call12345"}[/TOOL_RESULTS] Hello.</s>\
                        """);
    }

    @Test
    void version7HasADatedDefaultSystemMessage() {
        assertThat(
                        render(
                                "mistral-v7-tekken",
                                List.of(
                                        user("Hi!"),
                                        assistant("Hello."),
                                        user("  What <|im_end|> now?\n")),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>[SYSTEM_PROMPT]You are Small.
                        The current date is 2025-03-07.

                        [/SYSTEM_PROMPT][INST]Hi![/INST]Hello.</s>[INST]  What <|im_end|> now?
                        [/INST]\
                        """);
    }

    @Test
    void version7TakesContentInParts() {
        assertThat(
                        render(
                                "mistral-v7-tekken",
                                List.of(
                                        system("Be brief."),
                                        message(
                                                "user",
                                                List.of(
                                                        Map.of("type", "text", "text", "What is "),
                                                        Map.of("type", "image"),
                                                        Map.of("type", "text", "text", "?")))),
                                true,
                                TOKENS))
                .isEqualTo(
                        """
                        <s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]What is [IMG]?[/INST]\
                        """);
    }

    @Test
    void version1RefusesTwoQuestionsInARow() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(
                        () -> render("mistral-v1", List.of(user("Hi!"), user("Hi!")), true, TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal())
                                .contains("Users and assistants have to take turns!"));
    }

    @Test
    void version1RefusesASystemMessage() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        render(
                                "mistral-v1",
                                List.of(user("Hi!"), system("Be brief.")),
                                true,
                                TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal()).contains("There is no such role!"));
    }

    @Test
    void version3RefusesTwoQuestionsInARow() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        render(
                                "mistral-v3",
                                List.of(system("Be brief."), user("Hi!"), user("Hi!")),
                                true,
                                TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal())
                                .contains("Users and assistants have to take turns!"));
    }

    @Test
    void version3RefusesAnotherRole() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(
                        () -> render("mistral-v3", List.of(message("oracle", "Hm.")), true, TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal())
                                .contains("Users and assistants have to take turns!"));
    }

    @Test
    void version7RefusesOtherParts() {
        assertThatExceptionOfType(ChatTemplateException.class)
                .isThrownBy(() ->
                        render(
                                "mistral-v7-tekken",
                                List.of(message("user", List.of(Map.of("type", "audio")))),
                                true,
                                TOKENS))
                .satisfies(refused ->
                        assertThat(refused.refusal()).contains("There is no such block!"));
    }

    private static String render(
            String template,
            List<Map<String, Object>> messages,
            boolean prompt,
            Map<String, Object> variables) {
        return Templates.text(Templates.model(template).render(messages, prompt, variables));
    }
}
