package io.github.deltallm.cli;

import io.github.deltallm.api.spi.ModelFamilyProvider;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Providers;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code models}: which model families can run. */
@CommandLine.Command(
        name = "models",
        sortOptions = false,
        description = "Lists the installed model families and the architectures they run.")
final class ModelsCommand extends Command implements Callable<Integer> {
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    ModelsCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        Providers providers = Plugins.found(streams());
        if (format.json()) {
            Json.printAll(streams().out(), providers.families(), ModelsCommand::write);
            return Failures.DONE;
        }
        Table table = new Table("family", "architectures", "origin");
        for (Installed<ModelFamilyProvider> family : providers.families()) {
            table.row(
                    family.provider().name(),
                    String.join(", ", architectures(family)),
                    family.origin());
        }
        table.print(streams().out());
        return Failures.DONE;
    }

    private static void write(Json json, Installed<ModelFamilyProvider> family) {
        json.put("name", family.provider().name())
                .putTexts("architectures", architectures(family))
                .put("origin", family.origin());
    }

    private static List<String> architectures(Installed<ModelFamilyProvider> family) {
        return family.provider().architectures().stream().sorted().toList();
    }
}
