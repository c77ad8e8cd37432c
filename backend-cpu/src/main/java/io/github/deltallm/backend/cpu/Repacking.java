package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;

import java.lang.foreign.Arena;
import java.util.Optional;

/** What all weights have in common that are repacked while a program is compiled. */
final class Repacking {
    /** A weight is repacked once for a bias, however often a program uses the two. */
    record Key(Tensor weight, Optional<Tensor> bias) {}

    private Repacking() {}

    /**
     * Where a row of a unit lies among its words of 16 bits: those at even places of a register are
     * widened first, so its first half of rows lies there.
     */
    static int lane(int row) {
        int inRegister = row % (2 * N);
        return row - inRegister + 2 * (inRegister % N) + inRegister / N;
    }

    /** A bias as fp32, padded with zeros to so many rows; zeros where there is none. */
    static float[] bias(Optional<Tensor> bias, int rows, Arena arena) {
        float[] values = new float[rows];
        bias.ifPresent(vector -> new Linear(vector, Optional.empty(), arena).decode(0, values, 0));
        return values;
    }

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
        giveBack(tensor, 0, 1);
    }

    /**
     * The same for the {@code part}-th of {@code parts} equal parts, which are in memory at a time.
     */
    static void giveBack(Tensor tensor, int part, int parts) {
        if (tensor.data().isMapped()) {
            long bytes = tensor.data().byteSize();
            long from = bytes * part / parts;
            tensor.data().asSlice(from, bytes * (part + 1) / parts - from).unload();
        }
    }
}
