package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for a {@link RepackedWeight}. */
final class RepackedScratch {
    /** Results of a unit, one a row. */
    final MemorySegment results;

    /** Decoded weights of some columns, {@code [column][N rows]} as fp32. */
    final MemorySegment columns;

    /** What weights are multiplied by: of the blocks of a row, one a row of the unit. */
    final float[] scales;

    /** What is added then. */
    final float[] minima;

    /**
     * @param longest columns of a row
     */
    RepackedScratch(int longest, Arena arena) {
        int blocks = Lanes.ceilDiv(longest, RepackedWeight.BLOCK);
        scales = new float[blocks * UNIT];
        minima = new float[blocks * UNIT];
        String what = "scratch of a thread";
        results = Native.floats(arena, UNIT, what);
        columns = Native.floats(arena, (long) RepackedWeight.BLOCK * Lanes.N, what);
    }
}
