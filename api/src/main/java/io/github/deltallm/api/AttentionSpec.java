package io.github.deltallm.api;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An attention strategy by name with its settings, as a user writes it: {@code
 * delta:theta=1.0,window=5%}.
 *
 * <p>The grammar is {@code name[:key=value[,key=value]...]}; names and keys are lower-case words
 * with dashes. Values are free text without commas; the strategy's provider gives them meaning.
 * Immutable.
 *
 * @param name which {@code AttentionProvider} to ask
 * @param settings keys and values in the order given
 */
public record AttentionSpec(String name, Map<String, String> settings) {
    public AttentionSpec {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /**
     * Reads a specification.
     *
     * @throws InvalidOptionException if the text does not follow the grammar or sets a key twice
     */
    public static AttentionSpec parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        requireWord(name, text);
        Map<String, String> settings = new LinkedHashMap<>();
        if (colon >= 0) {
            for (String part : text.substring(colon + 1).split(",", -1)) {
                int equals = part.indexOf('=');
                if (equals < 0) {
                    throw new InvalidOptionException(
                            "the attention specification '"
                                    + text
                                    + "' has '"
                                    + part
                                    + "' where key=value is expected");
                }
                String key = part.substring(0, equals);
                requireWord(key, text);
                if (settings.put(key, part.substring(equals + 1)) != null) {
                    throw new InvalidOptionException(
                            "the attention specification '" + text + "' sets '" + key + "' twice");
                }
            }
        }
        return new AttentionSpec(name, settings);
    }

    /**
     * Checks that every key is one of {@code known}.
     *
     * @throws InvalidOptionException naming the wrong key and all right ones
     */
    public AttentionSpec requireKeys(Collection<String> known) {
        for (String key : settings.keySet()) {
            if (!known.contains(key)) {
                throw new InvalidOptionException(
                        "the attention '"
                                + name
                                + "' has no setting '"
                                + key
                                + "'; "
                                + (known.isEmpty()
                                        ? "it has none"
                                        : "it has " + String.join(", ", known)));
            }
        }
        return this;
    }

    public Optional<String> setting(String key) {
        return Optional.ofNullable(settings.get(key));
    }

    /**
     * A setting that is a whole number in {@code [least, most]}.
     *
     * @throws InvalidOptionException if it is not
     */
    public int integer(String key, int absent, int least, int most) {
        String value = settings.get(key);
        if (value == null) {
            return absent;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, with the range
        }
        throw wrong(key, value, "a whole number from " + least + " to " + most);
    }

    /**
     * A setting that is a finite number of at least {@code least}.
     *
     * @throws InvalidOptionException if it is not
     */
    public float real(String key, float absent, float least) {
        String value = settings.get(key);
        if (value == null) {
            return absent;
        }
        try {
            float number = Float.parseFloat(value);
            if (Float.isFinite(number) && number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, with the range
        }
        throw wrong(key, value, "a number of at least " + least);
    }

    /**
     * A setting that is one of a few words.
     *
     * @throws InvalidOptionException if it is not
     */
    public String choice(String key, String absent, List<String> choices) {
        String value = settings.getOrDefault(key, absent);
        if (!choices.contains(value)) {
            throw wrong(key, value, "one of " + String.join(", ", choices));
        }
        return value;
    }

    /** The error for a setting whose value makes no sense. */
    public InvalidOptionException wrong(String key, String value, String expected) {
        return new InvalidOptionException(
                "the attention setting " + name + ":" + key + "=" + value + " is not " + expected);
    }

    @Override
    public String toString() {
        return settings.isEmpty()
                ? name
                : name
                        + ":"
                        + settings.entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .collect(Collectors.joining(","));
    }

    private static void requireWord(String word, String text) {
        if (!word.matches("[a-z][a-z0-9-]*")) {
            throw new InvalidOptionException(
                    "the attention specification '"
                            + text
                            + "' does not follow name:key=value,key=value with lower-case names ('"
                            + word
                            + "' is none)");
        }
    }
}
