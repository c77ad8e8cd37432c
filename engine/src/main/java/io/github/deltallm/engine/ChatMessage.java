package io.github.deltallm.engine;

/**
 * One message of a conversation. Its content is data: nothing in it is ever parsed as a special
 * token.
 *
 * @param role usually {@code system}, {@code user} or {@code assistant}; the model's template
 *     decides
 * @param content the text
 */
public record ChatMessage(String role, String content) {
    public static ChatMessage system(String content) {
        return new ChatMessage("system", content);
    }

    public static ChatMessage user(String content) {
        return new ChatMessage("user", content);
    }

    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content);
    }
}
