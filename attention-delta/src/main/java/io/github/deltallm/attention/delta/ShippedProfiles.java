package io.github.deltallm.attention.delta;

import io.github.deltallm.api.spi.ModelIdentity;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Profiles that come with this module: a folder of resources, whose {@code index.txt} says for
 * which model files they are.
 *
 * @param owner the class beside which the folder lies
 */
record ShippedProfiles(Class<?> owner, String folder) {
    /** Those of this module. */
    static final ShippedProfiles INSTALLED = new ShippedProfiles(ShippedProfiles.class, "profiles");

    /**
     * A line of the index.
     *
     * @param bytes the size of the model file
     * @param sha256 of the model file
     * @param name of the profile in the folder
     */
    record Entry(long bytes, String sha256, String name) {}

    /** The profile for a model. The model is hashed only if the size of its file is known here. */
    Optional<Profile> of(ModelIdentity model) {
        return index().stream()
                .filter(entry -> entry.bytes() == model.size())
                .filter(entry -> entry.sha256().equals(model.sha256()))
                .findFirst()
                .map(this::read);
    }

    List<Entry> index() {
        return new String(bytes("index.txt"), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line.strip().split("\\s+", -1))
                .map(columns -> new Entry(Long.parseLong(columns[0]), columns[1], columns[2]))
                .toList();
    }

    Profile read(Entry entry) {
        return ProfileReader.parse(entry.name(), bytes(entry.name()));
    }

    private byte[] bytes(String name) {
        try (InputStream in = owner.getResourceAsStream(folder + "/" + name)) {
            if (in == null) {
                throw new FileNotFoundException(
                        folder + "/" + name + " is missing beside " + owner.getName());
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
