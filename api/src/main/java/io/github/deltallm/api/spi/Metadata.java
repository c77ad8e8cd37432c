package io.github.deltallm.api.spi;

import io.github.deltallm.api.ModelFormatException;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The key-value metadata of a model file, read by type.
 *
 * <p>A key that is absent gives an empty result. A key whose value has another type, or does not
 * fit the asked type, ends in a {@link ModelFormatException} that names the file and the key.
 * Integers of every width are read by {@link #integer}; a float that is stored as f64 is read by
 * {@link #real}. Implementations are immutable and safe to share between threads.
 */
public interface Metadata {
    /** What the values come from, for messages: usually the file's path. */
    String source();

    /** All keys, in the order of the file. */
    Set<String> keys();

    Optional<String> text(String key);

    Optional<Long> integer(String key);

    /** A floating-point value; an integer is accepted and converted. */
    Optional<Double> real(String key);

    Optional<Boolean> bool(String key);

    /** An array of strings; the list reads lazily and is immutable. */
    Optional<List<String>> texts(String key);

    /**
     * An array of integers of any width, or of booleans as 0 and 1. Every value must fit an int.
     */
    Optional<int[]> integers(String key);

    /** An array of f32 or f64. */
    Optional<float[]> reals(String key);

    /** As {@link #text}, but absence is an error that names the key. */
    default String requireText(String key) {
        return text(key).orElseThrow(() -> missing(key));
    }

    /**
     * An integer that must be there and lie in {@code [least, most]}.
     *
     * @throws ModelFormatException if it is absent or out of range
     */
    default int requireInt(String key, int least, int most) {
        return checked(key, integer(key).orElseThrow(() -> missing(key)), least, most);
    }

    /** As {@link #requireInt}, with a value for an absent key. */
    default int intOr(String key, int absent, int least, int most) {
        Optional<Long> value = integer(key);
        return value.isPresent() ? checked(key, value.get(), least, most) : absent;
    }

    private int checked(String key, long value, int least, int most) {
        if (value < least || value > most) {
            throw new ModelFormatException(
                    source()
                            + ": metadata key "
                            + key
                            + " is "
                            + value
                            + ", but it must be from "
                            + least
                            + " to "
                            + most);
        }
        return (int) value;
    }

    private ModelFormatException missing(String key) {
        return new ModelFormatException(
                source() + ": the required metadata key " + key + " is missing");
    }
}
