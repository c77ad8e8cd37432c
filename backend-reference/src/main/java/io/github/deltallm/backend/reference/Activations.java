package io.github.deltallm.backend.reference;

import io.github.deltallm.api.spi.Program;
import io.github.deltallm.api.spi.Value;

/** The values of a program: {@code [maxRows, width]} each, row after row. */
final class Activations {
    private final float[][] values;

    Activations(Program program, int maxRows) {
        values =
                program.values().stream()
                        .map(value -> new float[Math.multiplyExact(maxRows, value.width())])
                        .toArray(float[][]::new);
    }

    float[] of(Value value) {
        return values[value.id()];
    }
}
