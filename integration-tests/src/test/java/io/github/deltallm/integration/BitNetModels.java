package io.github.deltallm.integration;

import io.github.deltallm.api.Precision;
import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.testsupport.SharedData;

import java.nio.file.Path;
import java.util.List;

/** The trained BitNet model in its three encodings, and the backends it runs on. */
final class BitNetModels {
    static final List<String> BACKENDS = List.of("reference", "cpu");
    static final List<String> TYPES = List.of("i2s", "tq1_0", "tq2_0");

    private BitNetModels() {}

    /** A file of one encoding. */
    static Path stories(String type) {
        return SharedData.require("models/bitnet-stories-" + type + ".gguf");
    }

    static Model open(Path file, String backend, Precision precision) {
        return Model.open(
                file,
                ModelOptions.DEFAULT
                        .withBackend(Backends.require(backend))
                        .withPrecision(precision));
    }
}
