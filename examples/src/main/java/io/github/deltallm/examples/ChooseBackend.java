package io.github.deltallm.examples;

import io.github.deltallm.api.DeltaLlmException;
import io.github.deltallm.api.UnavailableException;
import io.github.deltallm.api.spi.BackendProbe;
import io.github.deltallm.api.spi.BackendProvider;
import io.github.deltallm.engine.Installed;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.engine.Providers;

import java.nio.file.Path;

/** Lists the installed backends, then opens a model on the one that the second argument names. */
public final class ChooseBackend {
    private ChooseBackend() {}

    public static void main(String[] args) {
        Path file = Path.of(args.length > 0 ? args[0] : "models/SmolLM2-135M-Instruct.Q4_1.gguf");
        String wanted = args.length > 1 ? args[1] : "auto";

        Providers providers = Providers.installed();
        for (Installed<BackendProvider> installed : providers.backends()) {
            BackendProvider backend = installed.provider();
            System.out.println(
                    switch (backend.probe()) {
                        case BackendProbe.Available available ->
                                backend.name() + " runs on " + available.devices();
                        case BackendProbe.Unavailable unavailable ->
                                backend.name()
                                        + " can't run: "
                                        + unavailable.reason()
                                        + "; "
                                        + unavailable.remedy();
                    });
        }

        try (Model model = Model.open(file, ModelOptions.DEFAULT.withBackend(wanted), providers)) {
            System.out.println("chosen: " + model.backend() + ", " + model.backendDescription());
        } catch (UnavailableException e) {
            // It is installed but can't work here; the message says why and what to do about it.
            System.out.println("not available: " + e.getMessage());
        } catch (DeltaLlmException e) {
            // There is no such backend, or the file is no model that can run.
            System.out.println("failed: " + e.getMessage());
        }
    }
}
