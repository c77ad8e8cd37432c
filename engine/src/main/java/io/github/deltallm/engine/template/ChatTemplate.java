package io.github.deltallm.engine.template;

import org.jspecify.annotations.Nullable;

import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A compiled chat template, which turns messages into the text a model was trained on.
 *
 * <pre>{@code
 * ChatTemplate template = ChatTemplate.compile("the chat template of model.gguf", source);
 * List<Segment> prompt = template.render(
 *         List.of(Map.of("role", "user", "content", "Hello")), true, Map.of("bos_token", "<s>"));
 * }</pre>
 *
 * <p>Immutable, and safe to share between threads. The dialect and the limits are described with
 * the package.
 */
public final class ChatTemplate {
    /**
     * The variables whose strings are trusted: the names under which tokenizers give their own
     * special tokens.
     */
    private static final Set<String> TRUSTED =
            Set.of(
                    "bos_token",
                    "eos_token",
                    "unk_token",
                    "pad_token",
                    "sep_token",
                    "cls_token",
                    "mask_token");

    private final String name;
    private final Clock clock;
    private final List<Statement> statements;

    private ChatTemplate(String name, Clock clock, List<Statement> statements) {
        this.name = name;
        this.clock = clock;
        this.statements = statements;
    }

    /**
     * Compiles a template that tells {@code strftime_now} the time of this machine.
     *
     * @param name what errors call the template, such as "the chat template of model.gguf"
     * @param source the Jinja text
     * @throws ChatTemplateException if the source cannot be read
     */
    public static ChatTemplate compile(String name, String source) {
        return compile(name, source, Clock.system(ZoneId.systemDefault()));
    }

    /**
     * Compiles a template.
     *
     * @param clock what {@code strftime_now} reads, in the clock's own zone
     * @throws ChatTemplateException if the source cannot be read
     */
    public static ChatTemplate compile(String name, String source, Clock clock) {
        try {
            return new ChatTemplate(name, clock, StatementParser.parse(new Source(source)));
        } catch (Fault fault) {
            throw fault.in(name);
        }
    }

    /**
     * Renders the prompt for a conversation.
     *
     * <p>Messages and variables are strings, numbers, booleans, nulls, and lists and maps of these.
     * As with {@code transformers}, {@code tools} and {@code documents} are none unless given.
     *
     * <p>Some templates write a special token around a role, as in {@code '<|' + message.role +
     * '|>'}. It is one only if the role is trusted too: a caller that has checked a role against a
     * list of its own may pass it as a trusted {@link Segment}.
     *
     * @param messages the conversation, whose strings are not trusted
     * @param addGenerationPrompt whether the prompt ends with the beginning of an answer
     * @param variables further variables by name; a string is trusted only under the name of a
     *     special token ({@code bos_token}, {@code eos_token}, {@code unk_token}, {@code
     *     pad_token}, {@code sep_token}, {@code cls_token}, {@code mask_token}), which a caller
     *     must not take from a user, or when given as a trusted {@link Segment}
     * @return the prompt in order, neighbours of different trust; empty if it has no characters
     * @throws ChatTemplateException if the template fails, reaches a limit or refuses the messages
     */
    public List<Segment> render(
            List<? extends Map<String, ? extends @Nullable Object>> messages,
            boolean addGenerationPrompt,
            Map<String, ? extends @Nullable Object> variables) {
        try {
            Rendering rendering = new Rendering(clock);
            Scope scope = Scope.outermost();
            new Globals(rendering).define(scope);
            scope.set("tools", Value.NONE).set("documents", Value.NONE);
            variables.forEach((variable, value) -> scope.set(variable, variable(variable, value)));
            scope.set("messages", CallerData.value(messages));
            scope.set("add_generation_prompt", Value.of(addGenerationPrompt));
            TextBuilder prompt = rendering.builder();
            new Executor(rendering).run(statements, scope, prompt);
            return prompt.build().segments();
        } catch (Fault fault) {
            throw fault.in(name);
        }
    }

    private static Value variable(String name, @Nullable Object value) {
        return value instanceof String text && TRUSTED.contains(name)
                ? Text.trusted(text)
                : CallerData.value(value);
    }
}
