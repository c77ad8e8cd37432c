package io.github.deltallm.engine.template;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Messages and tools as an application hands them over. */
final class Conversations {
    static final Map<String, Object> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");

    private Conversations() {}

    static Map<String, Object> system(String content) {
        return message("system", content);
    }

    static Map<String, Object> user(String content) {
        return message("user", content);
    }

    static Map<String, Object> assistant(String content) {
        return message("assistant", content);
    }

    static Map<String, Object> message(String role, Object content) {
        return Map.of("role", role, "content", content);
    }

    /** An assistant's turn without content that calls the tool {@code weather}. */
    static Map<String, Object> calling(Object arguments) {
        Map<String, Object> message = new HashMap<>();
        message.put("role", "assistant");
        message.put("content", null);
        message.put("tool_calls", List.of(call(arguments)));
        return message;
    }

    private static Map<String, Object> call(Object arguments) {
        return Map.of(
                "id", "call12345",
                "type", "function",
                "function", ordered("name", "weather", "arguments", arguments));
    }

    static Map<String, Object> result(String content) {
        return Map.of("role", "tool", "content", content, "tool_call_id", "call12345");
    }

    static List<Map<String, Object>> weatherTool() {
        Map<String, Object> properties =
                Map.of("city", ordered("type", "string", "description", "A \"city\""));
        Map<String, Object> parameters =
                ordered("type", "object", "properties", properties, "required", List.of("city"));
        Map<String, Object> function =
                ordered(
                        "name",
                        "weather",
                        "description",
                        "Today's weather",
                        "parameters",
                        parameters);
        return List.of(ordered("type", "function", "function", function));
    }

    /** The tokens, and one variable more. */
    static Map<String, Object> with(String name, Object value) {
        Map<String, Object> variables = new HashMap<>(TOKENS);
        variables.put(name, value);
        return variables;
    }

    /** A map that keeps the order it is written in. */
    static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
