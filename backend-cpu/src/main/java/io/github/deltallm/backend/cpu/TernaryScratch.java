package io.github.deltallm.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What one member of the team needs for {@link TernaryStage}. */
final class TernaryScratch {
    /** Rows of activations at a time. */
    static final int ROWS = 32;

    /** Bytes of a block's tables. */
    static final long TABLES =
            3L * Lanes.ceilDiv(TernaryWeight.BLOCK, TernaryKernels.DIGITS) * TernaryKernels.TABLE;

    /** Tables of a row's blocks, {@link #TABLES} apart. */
    final MemorySegment tables;

    /** Integer sums: {@code [rows][units][64]}. */
    final MemorySegment sums;

    /** A unit's integer sums of one block. */
    final MemorySegment blockSums;

    /** Sums over blocks with different scales, as {@link #sums}; none where there are no such. */
    final double[] totals;

    /**
     * @param rows the most rows of a step
     * @param blocks of the longest row
     * @param units the most units of a member's share
     * @param mixed whether some weight has rows with different scales
     */
    TernaryScratch(int rows, int blocks, int units, boolean mixed, Arena arena) {
        String what = "scratch of a thread";
        int count = Math.min(ROWS, rows) * units * TernaryWeight.UNIT;
        tables = Native.allocate(arena, blocks * TABLES, what);
        sums = Native.floats(arena, count, what);
        blockSums = Native.floats(arena, TernaryWeight.UNIT, what);
        totals = new double[mixed ? count : 0];
    }
}
