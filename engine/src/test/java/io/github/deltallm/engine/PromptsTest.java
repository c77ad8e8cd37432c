package io.github.deltallm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.deltallm.engine.template.ChatTemplate;
import io.github.deltallm.engine.template.Segment;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

class PromptsTest {
    /** What Jinja2 makes of the template in the tokenizer's settings of BitNet b1.58 2B 4T. */
    @Test
    void thePlaceholderInBitNetsFileIsNotTakenForATemplate() {
        String placeholder = "Human: {{ messages[0]['content'] }}\n\nBITNETAssistant: ";
        ChatTemplate template = ChatTemplate.compile("test", Prompts.repaired(placeholder));
        List<Map<String, Object>> messages =
                List.of(
                        Map.of("role", "system", "content", "Be brief. "),
                        Map.of("role", "user", "content", " Hi!"));
        String text =
                template.render(messages, true, Map.of("bos_token", "<|begin_of_text|>")).stream()
                        .map(Segment::text)
                        .collect(Collectors.joining());
        assertThat(text)
                .isEqualTo(
                        "<|begin_of_text|>System: Be brief.<|eot_id|>User: Hi!<|eot_id|>Assistant:"
                                + " ");
    }

    @Test
    void otherTemplatesStayAsTheyAre() {
        assertThat(Prompts.repaired("{{ bos_token }}")).isEqualTo("{{ bos_token }}");
    }
}
