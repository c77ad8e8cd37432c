package io.github.deltallm.engine;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.engine.gguf.GgufFile;
import io.github.deltallm.engine.template.ChatTemplate;
import io.github.deltallm.engine.template.Segment;
import io.github.deltallm.engine.tokenizer.Part;
import io.github.deltallm.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Turns texts and conversations into tokens; reads tokenizer and template from the file when first
 * needed.
 */
final class Prompts {
    private static final String BITNET_TEMPLATE =
            "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
                    + "{{ message['role'] | capitalize + ': ' + message['content'] | trim"
                    + " + '<|eot_id|>' }}{% endfor %}"
                    + "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

    private final GgufFile file;
    private final int vocabulary;
    private @Nullable Tokenizer tokenizer;
    private @Nullable ChatTemplate template;

    Prompts(GgufFile file, int vocabulary) {
        this.file = file;
        this.vocabulary = vocabulary;
    }

    synchronized Tokenizer tokenizer() {
        if (tokenizer == null) {
            Tokenizer read = Tokenizer.of(file.metadata());
            if (read.vocabularySize() > vocabulary) {
                throw new ModelFormatException(
                        file.name()
                                + ": the tokenizer has "
                                + read.vocabularySize()
                                + " tokens, but the model only "
                                + vocabulary);
            }
            tokenizer = read;
        }
        return tokenizer;
    }

    boolean hasTemplate() {
        return templateSource().isPresent();
    }

    int[] raw(String text) {
        Tokenizer words = tokenizer();
        return words.encode(text, true, words.addBosByDefault());
    }

    int[] chat(List<ChatMessage> messages) {
        Tokenizer words = tokenizer();
        List<Map<String, Object>> data = messages.stream().map(Prompts::data).toList();
        List<Part> parts =
                template().render(data, true, variables(words)).stream()
                        .map(segment -> new Part(segment.text(), segment.trusted()))
                        .toList();
        return words.encode(parts, words.addBosByDefault());
    }

    /** Templates such as Phi-3's make a special token of the role's name: the usual ones may be. */
    private static Map<String, Object> data(ChatMessage message) {
        Object role =
                ROLES.contains(message.role()) ? new Segment(message.role(), true) : message.role();
        return Map.of("role", role, "content", message.content());
    }

    private synchronized ChatTemplate template() {
        if (template == null) {
            String source =
                    templateSource()
                            .orElseThrow(() ->
                                    new InvalidOptionException(
                                            file.name()
                                                    + " has no chat template; give it a raw prompt"
                                                    + " instead"));
            template = ChatTemplate.compile("the chat template of " + file.name(), source);
        }
        return template;
    }

    private Optional<String> templateSource() {
        return file.metadata().text("tokenizer.chat_template").map(Prompts::repaired);
    }

    /**
     * The official file of BitNet b1.58 2B 4T has a converter's placeholder for a template, under
     * which the model never ends. What it was trained on is told by its own tokenizer's settings:
     * the role, the text, the end of the turn.
     */
    static String repaired(String template) {
        return template.contains("BITNETAssistant") ? BITNET_TEMPLATE : template;
    }

    private static Map<String, Object> variables(Tokenizer words) {
        Map<String, Object> variables = new HashMap<>();
        variables.put("bos_token", text(words, words.bos()));
        variables.put("eos_token", text(words, words.eos()));
        return variables;
    }

    private static String text(Tokenizer words, OptionalInt id) {
        return id.isPresent() ? words.piece(id.getAsInt()) : "";
    }
}
