package io.github.deltallm.evaluation;

import io.github.deltallm.api.AttentionSpec;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Names everything that decides an item's result, so that results are taken up only where all is
 * the same.
 */
final class RunKey {
    private static final int DIGITS = 16;

    private RunKey() {}

    static Journal.Key of(Model model, ModelOptions options, Task task, AttentionSpec attention) {
        StringBuilder all = new StringBuilder();
        add(all, "model", model.identity().sha256());
        add(all, "backend", model.backend());
        add(all, "precision", options.precision().label());
        add(all, "context", Integer.toString(model.context()));
        add(all, "chunk", Integer.toString(options.chunk()));
        for (Map.Entry<String, String> setting : task.settings().entrySet()) {
            add(all, setting.getKey(), setting.getValue());
        }
        add(all, "attention", attention.toString());
        add(all, "running", model.attention(attention).spec().toString());
        attention
                .setting("profile")
                .map(Path::of)
                .filter(Files::isRegularFile)
                .ifPresent(profile -> add(all, "profile", DataFile.read(profile).sha256()));
        String digest =
                DataFile.sha256(all.toString().getBytes(StandardCharsets.UTF_8))
                        .substring(0, DIGITS);
        return new Journal.Key(
                digest, model.identity().sha256(), task.name(), attention.toString());
    }

    private static void add(StringBuilder all, String name, String value) {
        all.append(name).append('=').append(value).append('\n');
    }
}
