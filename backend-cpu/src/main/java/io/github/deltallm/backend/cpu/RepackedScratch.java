package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for a {@link RepackedWeight}. */
final class RepackedScratch {
    /** Results of a unit, one a row. */
    final MemorySegment results;

    /** Decoded weights of some columns, {@code [column][N rows]} as fp32. */
    final MemorySegment columns;

    /** What weights are multiplied by, one a row of the unit. */
    final float[] scales = new float[UNIT];

    /** What is added then, one a row of the unit. */
    final float[] minima = new float[UNIT];

    RepackedScratch(Arena arena) {
        String what = "scratch of a thread";
        results = Native.floats(arena, UNIT, what);
        columns = Native.floats(arena, (long) RepackedWeight.BLOCK * Lanes.N, what);
    }
}
