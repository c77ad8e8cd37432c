package io.github.deltallm.cli;

import io.github.deltallm.api.spi.AttentionProvider;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Providers;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;

import java.util.concurrent.Callable;

/** {@code attentions}: what {@code --attention} can name. */
@CommandLine.Command(
        name = "attentions",
        sortOptions = false,
        description = {
            "Lists the installed attentions and the settings that each one has.",
            "Where none is asked for, or auto, it is delta for prompts from the length on from"
                    + " which that was measured to be faster, and dense for shorter ones until the"
                    + " cache has outgrown the size from which delta is faster in decoding; then"
                    + " what is held is encoded. The backend knows both limits."
        })
final class AttentionsCommand extends Command implements Callable<Integer> {
    @Mixin private final OutputFormat.Choice format = new OutputFormat.Choice();

    AttentionsCommand(Streams streams) {
        super(streams);
    }

    @Override
    public Integer call() {
        Providers providers = Plugins.found(streams());
        if (format.json()) {
            Json.printAll(streams().out(), providers.attentions(), AttentionsCommand::write);
            return Failures.DONE;
        }
        Table table = new Table("attention", "settings", "origin", "description");
        for (Installed<AttentionProvider> attention : providers.attentions()) {
            table.row(
                    attention.provider().name(),
                    String.join(", ", attention.provider().settings()),
                    attention.origin(),
                    attention.provider().description());
        }
        table.print(streams().out());
        streams().note("auto, the default: delta where the backend is faster with it, else dense");
        return Failures.DONE;
    }

    private static void write(Json json, Installed<AttentionProvider> attention) {
        json.put("name", attention.provider().name())
                .put("description", attention.provider().description())
                .putTexts("settings", attention.provider().settings())
                .put("origin", attention.origin());
    }
}
