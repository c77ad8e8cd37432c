package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for a {@link RepackedWeight}. */
final class RepackedScratch {
    /** Results of a unit, {@code [RoundedRows.GROUP][UNIT]}. */
    final float[] results = new float[RoundedRows.GROUP * UNIT];

    /** Decoded weights of some columns, {@code [column][N rows]} as fp32. */
    final MemorySegment columns;

    /** What weights are multiplied by, as fp32: of the blocks of a row, one a row of the unit. */
    final MemorySegment scales;

    /** What is added then. */
    final MemorySegment minima;

    /**
     * @param longest columns of a row
     */
    RepackedScratch(int longest, Arena arena) {
        long blocks = Lanes.ceilDiv(longest, RepackedWeight.BLOCK);
        String what = "scratch of a thread";
        scales = Native.floats(arena, blocks * UNIT, what);
        minima = Native.floats(arena, blocks * UNIT, what);
        columns = Native.floats(arena, (long) RepackedWeight.BLOCK * Lanes.N, what);
    }
}
