package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for a {@link RepackedWeight}. */
final class RepackedScratch {
    /** Results of a unit, {@code [RoundedRows.GROUP][UNIT]}. */
    final float[] results = new float[RoundedRows.GROUP * UNIT];

    /** Decoded weights of some columns, {@code [column][N rows]} as fp32. */
    final MemorySegment columns;

    /** What weights are multiplied by, as fp32: of the blocks of a row, one a row of the unit. */
    final float[] scales;

    /**
     * Those of a {@link SixBitWeight}, of groups of columns: from an array its kernel is slower by
     * half, since the compiler then keeps words in memory.
     */
    final MemorySegment groupScales;

    /** What is added then. */
    final float[] minima;

    /**
     * @param longest columns of a row
     */
    RepackedScratch(int longest, Arena arena) {
        String what = "scratch of a thread";
        int blocks = Lanes.ceilDiv(longest, RepackedWeight.BLOCK);
        scales = new float[blocks * UNIT];
        groupScales = Native.floats(arena, (long) blocks * 2 * N, what);
        minima = new float[blocks * UNIT];
        columns = Native.floats(arena, (long) RepackedWeight.BLOCK * N, what);
    }
}
