package io.github.deltallm.cli;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * An object or array of a JSON document while it is written.
 *
 * <p>A document appears as a whole or, where making it fails, not at all. JSON has no word for
 * numbers that are not finite; they become {@code null}.
 */
final class Json {
    private final JsonGenerator generator;

    private Json(JsonGenerator generator) {
        this.generator = generator;
    }

    /** Prints an object and a line break. */
    static void print(PrintWriter out, Consumer<Json> fields) {
        out.println(object(fields));
        out.flush();
    }

    /** Prints an array of objects, one for each item, and a line break. */
    static <T> void printAll(PrintWriter out, List<T> items, BiConsumer<Json, T> fields) {
        out.println(array(items, fields));
        out.flush();
    }

    /** An object as text. */
    static String object(Consumer<Json> fields) {
        return document(json -> json.writeObject(fields));
    }

    /** An array of objects as text. */
    static <T> String array(List<T> items, BiConsumer<Json, T> fields) {
        return document(json -> json.writeArray(items, fields));
    }

    private static String document(Consumer<Json> content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator =
                JsonFactory.builder().build().createGenerator(ObjectWriteContext.empty(), text)) {
            content.accept(new Json(generator));
        }
        return Escapes.json(text.toString());
    }

    Json put(String name, @Nullable String value) {
        generator.writeName(name);
        if (value == null) {
            generator.writeNull();
        } else {
            generator.writeString(value);
        }
        return this;
    }

    Json put(String name, long value) {
        generator.writeName(name);
        generator.writeNumber(value);
        return this;
    }

    Json put(String name, BigInteger value) {
        generator.writeName(name);
        generator.writeNumber(value);
        return this;
    }

    Json put(String name, double value) {
        generator.writeName(name);
        number(value);
        return this;
    }

    Json put(String name, boolean value) {
        generator.writeName(name);
        generator.writeBoolean(value);
        return this;
    }

    Json putNull(String name) {
        generator.writeName(name);
        generator.writeNull();
        return this;
    }

    /** A member that is an object. */
    Json put(String name, Consumer<Json> fields) {
        generator.writeName(name);
        writeObject(fields);
        return this;
    }

    /** A member that is an array of objects. */
    <T> Json putAll(String name, List<T> items, BiConsumer<Json, T> fields) {
        generator.writeName(name);
        writeArray(items, fields);
        return this;
    }

    /** A member that is an array of whole numbers. */
    Json putNumbers(String name, Iterable<? extends Number> values) {
        generator.writeName(name);
        generator.writeStartArray();
        values.forEach(value -> generator.writeNumber(value.longValue()));
        generator.writeEndArray();
        return this;
    }

    /** A member that is an array of texts. */
    Json putTexts(String name, Iterable<String> values) {
        generator.writeName(name);
        generator.writeStartArray();
        values.forEach(generator::writeString);
        generator.writeEndArray();
        return this;
    }

    /** A member that is an array of pairs, each a whole number and a real one. */
    <T> Json putPairs(String name, List<T> items, BiConsumer<Pair, T> pairs) {
        generator.writeName(name);
        generator.writeStartArray();
        Pair pair =
                (id, value) -> {
                    generator.writeStartArray();
                    generator.writeNumber(id);
                    number(value);
                    generator.writeEndArray();
                };
        items.forEach(item -> pairs.accept(pair, item));
        generator.writeEndArray();
        return this;
    }

    /** Takes one pair. */
    @FunctionalInterface
    interface Pair {
        void write(int id, double value);
    }

    private void number(double value) {
        if (Double.isFinite(value)) {
            generator.writeNumber(value);
        } else {
            generator.writeNull();
        }
    }

    private void writeObject(Consumer<Json> fields) {
        generator.writeStartObject();
        fields.accept(this);
        generator.writeEndObject();
    }

    private <T> void writeArray(List<T> items, BiConsumer<Json, T> fields) {
        generator.writeStartArray();
        items.forEach(item -> writeObject(json -> fields.accept(json, item)));
        generator.writeEndArray();
    }
}
