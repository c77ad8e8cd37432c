package io.github.deltallm.evaluation;

import io.github.deltallm.engine.Model;
import io.github.deltallm.engine.ModelOptions;
import io.github.deltallm.testsupport.SharedData;

/** A trained model of 260K parameters on the reference backend. */
final class TinyModel {
    /** Steps of a few rows, so that sequences are cut. */
    static final ModelOptions OPTIONS = ModelOptions.DEFAULT.withBackend("reference").withChunk(24);

    private TinyModel() {}

    static Model open() {
        return Model.open(SharedData.require("models/stories260K-f32.gguf"), OPTIONS);
    }
}
