package io.github.deltallm.backend.cpu;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;

import java.util.Optional;

/** What all weights have in common that are repacked while a program is compiled. */
final class Repacking {
    /** A weight is repacked once for a bias, however often a program uses the two. */
    record Key(Tensor weight, Optional<Tensor> bias) {}

    private Repacking() {}

    /**
     * Checks a scale of a row.
     *
     * @throws ModelFormatException if it is not finite
     */
    static void requireFinite(float scale, Tensor tensor, long row) {
        if (!Float.isFinite(scale)) {
            throw new ModelFormatException(
                    "the tensor "
                            + tensor.name()
                            + " of type "
                            + tensor.type()
                            + " has the scale "
                            + scale
                            + " in row "
                            + row
                            + "; the file is damaged");
        }
    }

    /**
     * Gives the pages of a tensor's mapped bytes back, once it is repacked; they would come again
     * if they were read.
     */
    static void giveBack(Tensor tensor) {
        if (tensor.data().isMapped()) {
            tensor.data().unload();
        }
    }
}
