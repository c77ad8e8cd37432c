package io.github.deltallm.engine;

import io.github.deltallm.api.InvalidOptionException;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.Backend;
import io.github.deltallm.api.spi.BackendOptions;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;

import java.util.List;
import java.util.stream.Collectors;

/** Opens the backend that was asked for by name, or the heaviest that works. */
final class BackendChoice {
    private final Providers providers;
    private final List<Installed<BackendProvider>> backends;

    BackendChoice(Providers providers) {
        this.providers = providers;
        backends = providers.backends();
    }

    /** A backend and the name it is known by. */
    record Opened(String name, Backend backend) {}

    Opened open(String name, BackendOptions options) {
        BackendProvider provider = provider(name);
        return new Opened(provider.name(), provider.open(options));
    }

    /** The backend of that name, or the heaviest for {@code auto}; its probe says it works here. */
    BackendProvider provider(String name) {
        return name.equals("auto") ? heaviest() : named(name);
    }

    private BackendProvider heaviest() {
        for (Installed<BackendProvider> installed : backends) {
            if (installed.provider().probe() instanceof BackendProbe.Available) {
                return installed.provider();
            }
        }
        throw new UnavailableException("no backend works here; " + everyProbe());
    }

    private BackendProvider named(String name) {
        BackendProvider provider =
                backends.stream()
                        .map(Installed::provider)
                        .filter(candidate -> candidate.name().equals(name))
                        .findFirst()
                        .orElseThrow(() ->
                                new InvalidOptionException(
                                        "there is no backend '"
                                                + name
                                                + "'; there are auto, "
                                                + backends.stream()
                                                        .map(found -> found.provider().name())
                                                        .collect(Collectors.joining(", "))
                                                + providers.failuresForMessage()));
        if (provider.probe() instanceof BackendProbe.Unavailable unavailable) {
            throw new UnavailableException(
                    "the backend '"
                            + name
                            + "' can't work here: "
                            + unavailable.reason()
                            + "; "
                            + unavailable.remedy()
                            + " ("
                            + everyProbe()
                            + ")");
        }
        return provider;
    }

    private String everyProbe() {
        return backends.isEmpty()
                ? "none is installed: add deltallm-backend-cpu to the module path or class path"
                : backends.stream()
                        .map(installed ->
                                installed.provider().name()
                                        + ": "
                                        + switch (installed.provider().probe()) {
                                            case BackendProbe.Available available -> "available";
                                            case BackendProbe.Unavailable unavailable ->
                                                    unavailable.reason();
                                        })
                        .collect(Collectors.joining("; "));
    }
}
