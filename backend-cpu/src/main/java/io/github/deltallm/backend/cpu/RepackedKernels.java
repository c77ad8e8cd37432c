package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;

/**
 * The words of a {@link FourBitWeight}, and how to decode them. A unit's words have 16 bits, for
 * the weights of four columns, the first one in the lowest bits, and lie as {@code [word][UNIT]}.
 */
final class RepackedKernels {
    /** Rows of a unit: two registers of words. */
    static final int UNIT = 4 * N;

    private RepackedKernels() {}

    /**
     * Where a row of a unit lies among its words: those at even places of a register are widened
     * first, so its first half of rows lies there.
     */
    static int lane(int row) {
        int inRegister = row % (2 * N);
        return row - inRegister + 2 * (inRegister % N) + inRegister / N;
    }

    /**
     * Decodes 32 columns of {@link Lanes#N} rows with weights of 4 bits.
     *
     * @param at offset of the unit's words
     * @param row the first row of the unit, a multiple of N
     * @param scales what weights from 0 to 15 are multiplied by, one a row of the unit
     * @param minima what is added then
     * @param columns {@code [32][N]} floats
     */
    static void fourBits(
            MemorySegment w,
            long at,
            int row,
            float[] scales,
            float[] minima,
            MemorySegment columns) {
        FloatVector scale = FloatVector.fromArray(F, scales, row);
        FloatVector minimum = FloatVector.fromArray(F, minima, row);
        long register = at + (long) (row / (2 * N)) * BYTES;
        int shift = row / N % 2 * 16;
        for (int c = 0; c < 32; c++) {
            IntVector weight =
                    IntVector.fromMemorySegment(I, w, register + (long) (c / 4) * 2 * BYTES, NATIVE)
                            .lanewise(LSHR, shift + c % 4 * 4)
                            .and(15);
            ((FloatVector) weight.convert(I2F, 0))
                    .fma(scale, minimum)
                    .intoMemorySegment(columns, (long) c * BYTES, NATIVE);
        }
    }
}
