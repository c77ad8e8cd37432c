package io.github.deltallm.engine;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnsupportedModelException;
import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.api.spi.ModelFamilyProvider;

import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The backends, model families and attention strategies found on the module path and the class
 * path.
 *
 * <p>A provider that can't be loaded does not take the others with it: it is listed in {@link
 * #failures()}. Immutable.
 */
public final class Providers {
    private final List<Installed<BackendProvider>> backends;
    private final List<Installed<ModelFamilyProvider>> families;
    private final List<Installed<AttentionProvider>> attentions;
    private final List<String> failures = new ArrayList<>();

    private Providers() {
        backends = find(ServiceLoader.load(BackendProvider.class), BackendProvider::name);
        families = find(ServiceLoader.load(ModelFamilyProvider.class), ModelFamilyProvider::name);
        attentions = find(ServiceLoader.load(AttentionProvider.class), AttentionProvider::name);
    }

    /** Looks for providers, as the current thread's context class loader sees them. */
    public static Providers installed() {
        return new Providers();
    }

    /** All backends, the heaviest first. */
    public List<Installed<BackendProvider>> backends() {
        return backends.stream()
                .sorted(Comparator.comparingInt(installed -> -installed.provider().weight()))
                .toList();
    }

    /** All model families, by name. */
    public List<Installed<ModelFamilyProvider>> families() {
        return families;
    }

    /** All attention strategies, by name. */
    public List<Installed<AttentionProvider>> attentions() {
        return attentions;
    }

    /** One sentence for each provider that was found but could not be loaded. */
    public List<String> failures() {
        return List.copyOf(failures);
    }

    /**
     * The family that claims an architecture.
     *
     * @param source the model file's name, for the error
     * @throws UnsupportedModelException if none does; lists what is installed
     */
    public ModelFamilyProvider family(String architecture, String source) {
        for (Installed<ModelFamilyProvider> family : families) {
            if (family.provider().architectures().contains(architecture)) {
                return family.provider();
            }
        }
        String known =
                families.stream()
                        .flatMap(family -> family.provider().architectures().stream())
                        .sorted()
                        .collect(Collectors.joining(", "));
        throw new UnsupportedModelException(
                source
                        + ": no installed model family knows the architecture '"
                        + architecture
                        + "'; installed are "
                        + (known.isEmpty() ? "none" : known)
                        + failuresForMessage());
    }

    /**
     * The backend of a name, or the heaviest that works for {@code auto}.
     *
     * @throws InvalidOptionException if there is none of that name; lists what is installed
     * @throws io.github.deltallm.api.UnavailableException if it can't work here; tells why, what to
     *     do, and what all others say
     */
    public BackendProvider backend(String name) {
        return new BackendChoice(this).provider(name);
    }

    /**
     * The strategy provider of a name.
     *
     * @throws InvalidOptionException if there is none; lists what is installed
     */
    public AttentionProvider attention(String name) {
        for (Installed<AttentionProvider> attention : attentions) {
            if (attention.provider().name().equals(name)) {
                return attention.provider();
            }
        }
        throw new InvalidOptionException(
                "there is no attention '"
                        + name
                        + "'; there are auto, "
                        + attentions.stream()
                                .map(found -> found.provider().name())
                                .collect(Collectors.joining(", "))
                        + failuresForMessage());
    }

    /** What to add to the error that something is not there: it may be what could not be loaded. */
    String failuresForMessage() {
        return failures.stream().map(failure -> "; " + failure).collect(Collectors.joining());
    }

    private <P> List<Installed<P>> find(ServiceLoader<P> loader, Function<P, String> name) {
        Map<String, Installed<P>> byName = new TreeMap<>();
        Iterator<ServiceLoader.Provider<P>> found = loader.stream().iterator();
        while (true) {
            try {
                if (!found.hasNext()) {
                    break;
                }
                ServiceLoader.Provider<P> entry = found.next();
                Installed<P> installed = new Installed<>(entry.get(), origin(entry.type()));
                Installed<P> twin = byName.putIfAbsent(name.apply(installed.provider()), installed);
                if (twin != null && twin.provider().getClass() != installed.provider().getClass()) {
                    throw new DeltaLlmException(
                            "the name '"
                                    + name.apply(installed.provider())
                                    + "' is provided by both "
                                    + twin.origin()
                                    + " and "
                                    + installed.origin()
                                    + "; remove one of them from the path");
                }
            } catch (DeltaLlmException e) {
                throw e;
            } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
                failures.add("a provider could not be loaded: " + reason(e));
            }
        }
        return List.copyOf(byName.values());
    }

    /** In one line, with the cause: that a constructor failed tells nobody why. */
    private static String reason(Throwable error) {
        String cause = error.getCause() == null ? "" : " (" + error.getCause() + ")";
        return (error.getMessage() + cause)
                .lines()
                .map(String::strip)
                .collect(Collectors.joining(" "));
    }

    private static String origin(Class<?> type) {
        if (type.getModule().isNamed()) {
            return type.getModule().getName();
        }
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source == null || source.getLocation() == null
                ? "the class path"
                : source.getLocation().getPath();
    }
}
