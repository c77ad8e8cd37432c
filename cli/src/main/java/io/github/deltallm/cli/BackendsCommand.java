package io.github.deltallm.cli;

import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Providers;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code backends}: where models can compute. */
@CommandLine.Command(
        name = "backends",
        sortOptions = false,
        description = "Lists the installed backends, the one that auto takes first.")
final class BackendsCommand extends Command implements Callable<Integer> {
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    BackendsCommand(Streams streams) {
        super(streams);
    }

    /** A backend and what it says of this machine. */
    private record Probed(Installed<BackendProvider> installed, BackendProbe probe) {}

    @Override
    public Integer call() {
        Providers providers = Plugins.found(streams());
        List<Probed> backends =
                providers.backends().stream()
                        .map(found -> new Probed(found, found.provider().probe()))
                        .toList();
        if (format.json()) {
            Json.printAll(streams().out(), backends, BackendsCommand::write);
        } else {
            table(backends).print(streams().out());
        }
        return Failures.DONE;
    }

    private static void write(Json json, Probed backend) {
        BackendProvider provider = backend.installed().provider();
        json.put("name", provider.name()).put("weight", provider.weight());
        switch (backend.probe()) {
            case BackendProbe.Available available ->
                    json.put("available", true)
                            .putTexts("devices", available.devices())
                            .putNull("reason")
                            .putNull("remedy")
                            .putTexts("capabilities", available.capabilities());
            case BackendProbe.Unavailable unavailable ->
                    json.put("available", false)
                            .putTexts("devices", List.of())
                            .put("reason", unavailable.reason())
                            .put("remedy", unavailable.remedy())
                            .putTexts("capabilities", List.of());
        }
        json.put("origin", backend.installed().origin());
    }

    private static Table table(List<Probed> backends) {
        Table table = new Table("backend", "weight>", "origin", "state");
        for (Probed backend : backends) {
            table.row(
                    backend.installed().provider().name(),
                    backend.installed().provider().weight(),
                    backend.installed().origin(),
                    switch (backend.probe()) {
                        case BackendProbe.Available available ->
                                "available on " + String.join(", ", available.devices());
                        case BackendProbe.Unavailable unavailable ->
                                "unavailable: "
                                        + unavailable.reason()
                                        + "; "
                                        + unavailable.remedy();
                    });
        }
        return table;
    }
}
