package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.N;

import io.github.deltallm.api.ModelFormatException;
import io.github.deltallm.api.spi.Tensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** What all weights have in common that are repacked while a program is compiled. */
final class Repacking {
    /** A weight is repacked once for a bias, however often a program uses the two. */
    record Key(Tensor weight, Optional<Tensor> bias) {}

    /** About as many bytes are repacked before their pages are given back. */
    private static final long PART = 32 << 20;

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

    /** Works on one of equal shares of a tensor's bytes, or of its rows. */
    interface Work {
        void run(int share, int shares);
    }

    /**
     * Has a tensor repacked by the team, part by part, and the pages of each part's mapped bytes
     * given back: so little more than a part is in memory twice.
     */
    static void inParts(Tensor tensor, Team team, Work work) {
        int members = team.members();
        int parts = Math.toIntExact(1 + tensor.data().byteSize() / PART);
        for (int part = 0; part < parts; part++) {
            int first = part * members;
            team.run(member -> work.run(first + member, parts * members));
            long from = tensor.data().byteSize() * part / parts;
            long end = tensor.data().byteSize() * (part + 1) / parts;
            giveBack(tensor.data().asSlice(from, end - from));
        }
        // Rows at the ends of parts were read once more.
        giveBack(tensor.data());
    }

    /** Gives pages of mapped bytes back; they would come again if they were read. */
    static void giveBack(MemorySegment data) {
        if (!data.isMapped()) {
            return;
        }
        try {
            data.unload();
        } catch (Exception e) {
            // The JVM does not say so, but it throws an IOException where the system keeps pages,
            // locked ones for example. They stay then, which costs memory and nothing else.
            if (!(e instanceof IOException)) {
                throw e;
            }
        }
    }
}
