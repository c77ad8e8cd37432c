package io.github.deltallm.cli;

import io.github.deltallm.testsupport.SharedData;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a call of the program left behind. */
record Outcome(int code, String out, String err) {

    /** Calls the program with nothing on standard input and no terminal. */
    static Outcome of(String... args) {
        return reading("", args);
    }

    /** Calls the program with a text on standard input and no terminal. */
    static Outcome reading(String input, String... args) {
        return call(input, false, args);
    }

    /** Calls the program as if standard error were a terminal. */
    static Outcome watched(String... args) {
        return call("", true, args);
    }

    private static Outcome call(String input, boolean bars, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Streams streams =
                Streams.of(
                        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                        out,
                        err,
                        bars);
        int code = DeltaLlm.run(streams, args);
        return new Outcome(
                code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** The whole of standard output as one JSON document. */
    JsonNode json() {
        return JsonMapper.builder().build().readTree(out);
    }

    /** The names of an object's fields. */
    static List<String> names(JsonNode object) {
        return List.copyOf(object.propertyNames());
    }

    /** A model of 260K parameters, for speed. */
    static String stories() {
        return SharedData.require("models/stories260K-f32.gguf").toString();
    }

    static String embedded() {
        return SharedData.embeddedModel().toString();
    }
}
