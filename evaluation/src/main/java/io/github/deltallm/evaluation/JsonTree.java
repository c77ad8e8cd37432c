package io.github.deltallm.evaluation;

import io.github.deltallm.api.DeltaLlmException;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON value with where it came from, for errors. Objects are maps, arrays lists, numbers longs
 * or doubles.
 *
 * @param place what to call it in errors: {@code the file x.jsonl, line 3}
 * @param value a map, list, text, number, boolean or null
 */
record JsonTree(String place, @Nullable Object value) {
    private static final JsonFactory FACTORY = JsonFactory.builder().build();

    /**
     * Reads one value; nothing may follow it.
     *
     * @throws DeltaLlmException if it is none
     */
    static JsonTree parse(String place, String text) {
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            json.nextToken();
            JsonTree tree = new JsonTree(place, read(json));
            if (json.nextToken() != null) {
                throw new DeltaLlmException(place + ": more follows the JSON value");
            }
            return tree;
        } catch (JacksonException e) {
            throw new DeltaLlmException(place + ": this is no JSON", e);
        }
    }

    private static @Nullable Object read(JsonParser json) {
        JsonToken token = json.currentToken();
        if (token == null) {
            throw new DeltaLlmException("a JSON value is missing");
        }
        return switch (token) {
            case START_OBJECT -> object(json);
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    list.add(read(json));
                }
                yield list;
            }
            case VALUE_STRING -> json.getString();
            case VALUE_NUMBER_INT -> json.getLongValue();
            case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    private static Map<String, @Nullable Object> object(JsonParser json) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            fields.put(name, read(json));
        }
        return fields;
    }

    boolean has(String name) {
        return value instanceof Map<?, ?> map && map.get(name) != null;
    }

    /** A member; it must be there. */
    JsonTree get(String name) {
        if (!(value instanceof Map<?, ?> map) || map.get(name) == null) {
            throw new DeltaLlmException(place + ": the field '" + name + "' is missing");
        }
        return new JsonTree(place + ", field '" + name + "'", map.get(name));
    }

    List<JsonTree> items() {
        if (!(value instanceof List<?> list)) {
            throw wrong("an array");
        }
        List<JsonTree> items = new ArrayList<>();
        for (Object item : list) {
            items.add(new JsonTree(place, item));
        }
        return items;
    }

    Map<?, ?> members() {
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong("an object");
        }
        return map;
    }

    String text() {
        if (!(value instanceof String text)) {
            throw wrong("a text");
        }
        return text;
    }

    /** A text, or a number as text. */
    String label() {
        if (!(value instanceof String || value instanceof Long)) {
            throw wrong("a text or a whole number");
        }
        return String.valueOf(value);
    }

    int integer() {
        if (value instanceof Long number && number == number.intValue()) {
            return number.intValue();
        }
        throw wrong("a whole number");
    }

    long wholeNumber() {
        if (!(value instanceof Long number)) {
            throw wrong("a whole number");
        }
        return number;
    }

    double number() {
        if (!(value instanceof Number number)) {
            throw wrong("a number");
        }
        return number.doubleValue();
    }

    boolean truth() {
        if (!(value instanceof Boolean truth)) {
            throw wrong("true or false");
        }
        return truth;
    }

    private DeltaLlmException wrong(String expected) {
        return new DeltaLlmException(place + " is not " + expected);
    }
}
