package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.FourBitKernels.UNIT;
import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for a {@link RepackedWeight}. */
final class RepackedScratch {
    /** Results of a unit, {@code [RoundedRows.GROUP][UNIT]}. */
    final float[] results = new float[RoundedRows.GROUP * UNIT];

    /** What is added to them: what depends on the sums of the activations only. */
    final float[] rests = new float[RoundedRows.GROUP * UNIT];

    /** Decoded weights of some columns, {@code [column][N rows]} as fp32. */
    final MemorySegment columns;

    /** What weights are multiplied by, as fp32: of the blocks of a row, one a row of the unit. */
    final float[] scales;

    /** What is added then; or what the sums of the activations are multiplied by and added. */
    final float[] minima;

    /** What blocks share that have a head in common: scales, then minima of a unit's rows. */
    final float[] heads = new float[2 * UNIT];

    /**
     * @param longest columns of a row
     */
    RepackedScratch(int longest, Arena arena) {
        int blocks = Lanes.ceilDiv(longest, RepackedWeight.BLOCK);
        scales = new float[blocks * UNIT];
        minima = new float[blocks * UNIT];
        columns = Native.floats(arena, (long) RepackedWeight.BLOCK * N, "scratch of a thread");
    }
}
