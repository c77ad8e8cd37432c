package io.github.deltallm.attention.delta;

import io.github.deltallm.api.InvalidOptionException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * Reads a {@link Profile} from JSON, format 1. What it does not know it passes over.
 *
 * <pre>{@code
 * {"format": 1, "model_sha256": "...", "model_bytes": 98386944, "calibrated_on": "...",
 *  "budget": "0.5%", "theta": 1.0, "window": "5%",
 *  "layers": [{"heads": [{"theta": 0.25, "query_weight": [...], "step": [...],
 *                         "value_sigma": 0.4, "value_step": [...]}]}]}
 * }</pre>
 *
 * {@code window}, {@code step} and {@code value_step} may be absent.
 */
final class ProfileReader {
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    private static final int FORMAT = 1;
    private static final double ABSENT = -1;

    /** Bytes; the profile of a large model has a few million. */
    private static final long MOST_BYTES = 1 << 28;

    private final String source;
    private final JsonParser json;

    private ProfileReader(String source, JsonParser json) {
        this.source = source;
        this.json = json;
    }

    /**
     * Reads a file.
     *
     * @throws InvalidOptionException if it can't be read or is no profile
     */
    static Profile read(Path file) {
        try {
            // A saved session names its profile: it must not make anybody read a device for ever.
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new InvalidOptionException(
                        "the profile " + file + " can't be read: it is no regular file");
            }
            if (Files.exists(file) && Files.size(file) > MOST_BYTES) {
                throw new InvalidOptionException(
                        "the profile "
                                + file
                                + " can't be read: it has "
                                + Files.size(file)
                                + " bytes, and no profile more than "
                                + MOST_BYTES);
            }
            return parse(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            String reason =
                    switch (e) {
                        case NoSuchFileException absent -> "there is no such file";
                        case AccessDeniedException denied -> "that is not permitted";
                        default -> String.valueOf(e.getMessage());
                    };
            throw new InvalidOptionException(
                    "the profile " + file + " can't be read: " + reason, e);
        }
    }

    /** Reads the bytes of a file of this name. */
    static Profile parse(String source, byte[] bytes) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), bytes)) {
            ProfileReader reader = new ProfileReader(source, json);
            reader.require(json.nextToken() == JsonToken.START_OBJECT, "an object is expected");
            Profile profile = reader.profile();
            reader.require(json.nextToken() == null, "there is more behind the profile");
            return profile;
        } catch (JacksonException e) {
            String place = e.getLocation() == null ? "" : " in line " + e.getLocation().getLineNr();
            throw new InvalidOptionException(
                    "the profile " + source + " is damaged: it is no JSON any more" + place, e);
        }
    }

    private Profile profile() {
        double format = ABSENT;
        String sha256 = "";
        double bytes = ABSENT;
        double theta = ABSENT;
        Optional<String> window = Optional.empty();
        List<List<Profile.Head>> layers = List.of();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            switch (json.currentName()) {
                case "format" -> format = number();
                case "model_sha256" -> sha256 = text("[0-9a-f]{64}", "64 hexadecimal digits");
                case "model_bytes" -> bytes = number();
                case "theta" -> theta = number();
                case "window" -> window = Optional.of(window());
                case "layers" -> layers = objects(this::layer);
                default -> passOver();
            }
        }
        requirePresent("format", format);
        require(format == FORMAT, "only format " + FORMAT + " is known, not " + format);
        require(!sha256.isEmpty(), "model_sha256 is missing");
        requirePresent("model_bytes", bytes);
        requirePresent("theta", theta);
        return new Profile(source, sha256, (long) bytes, (float) theta, window, layers);
    }

    private List<Profile.Head> layer() {
        List<Profile.Head> heads = List.of();
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            if (json.currentName().equals("heads")) {
                heads = objects(this::head);
            } else {
                passOver();
            }
        }
        return heads;
    }

    private Profile.Head head() {
        double theta = ABSENT;
        float[] queryWeight = {};
        float[] steps = {};
        double valueSigma = ABSENT;
        float[] valueSteps = {};
        while (json.nextToken() == JsonToken.PROPERTY_NAME) {
            switch (json.currentName()) {
                case "theta" -> theta = number();
                case "query_weight" -> queryWeight = numbers();
                case "step" -> steps = numbers();
                case "value_sigma" -> valueSigma = number();
                case "value_step" -> valueSteps = numbers();
                default -> passOver();
            }
        }
        requirePresent("theta", theta);
        requirePresent("value_sigma", valueSigma);
        return new Profile.Head((float) theta, queryWeight, steps, (float) valueSigma, valueSteps);
    }

    private interface Element<T> {
        T read();
    }

    private <T> List<T> objects(Element<T> element) {
        require(json.nextToken() == JsonToken.START_ARRAY, "an array is expected");
        List<T> all = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            require(json.currentToken() == JsonToken.START_OBJECT, "an object is expected");
            all.add(element.read());
        }
        return List.copyOf(all);
    }

    private float[] numbers() {
        require(json.nextToken() == JsonToken.START_ARRAY, "an array is expected");
        DoubleStream.Builder all = DoubleStream.builder();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            all.add(current());
        }
        double[] wide = all.build().toArray();
        float[] numbers = new float[wide.length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) wide[i];
        }
        return numbers;
    }

    private double number() {
        json.nextToken();
        return current();
    }

    private double current() {
        boolean numeric = json.currentToken() != null && json.currentToken().isNumeric();
        double number = numeric ? json.getDoubleValue() : ABSENT;
        require(
                number >= 0 && number <= Float.MAX_VALUE,
                "a finite number that is not negative is expected");
        return number;
    }

    private String window() {
        String text = text(".*", "a text");
        require(WindowSize.parse(text, 1).isPresent(), "window is not " + WindowSize.EXPECTED);
        return text;
    }

    private String text(String pattern, String expected) {
        boolean textual = json.nextToken() == JsonToken.VALUE_STRING;
        require(textual && json.getString().matches(pattern), expected + " are expected");
        return json.getString();
    }

    private void passOver() {
        json.nextToken();
        json.skipChildren();
    }

    private void requirePresent(String name, double number) {
        require(number != ABSENT, name + " is missing");
    }

    private void require(boolean right, String otherwise) {
        if (!right) {
            throw new InvalidOptionException(
                    "the profile "
                            + source
                            + " is damaged: line "
                            + json.currentTokenLocation().getLineNr()
                            + ": "
                            + otherwise);
        }
    }
}
