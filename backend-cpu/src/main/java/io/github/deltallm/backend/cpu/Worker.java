package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.N;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One member of the team as an executable's stages see it: its share of the work and its scratch.
 */
final class Worker {
    /** Weight rows that are decoded at a time; a multiple of {@link Tiles#ROWS} and of 16. */
    static final int PANEL_ROWS = 96;

    final int member;
    final int members;

    /** Decoded weight rows, {@link #panelStride} floats apart. */
    final float[] panel;

    /** Partial sums of the dot product kernels. */
    final float[] sums = new float[16 * N];

    /** Sums of four weight rows. */
    final float[] four = new float[4];

    /** Accumulators of a panel: {@code [PANEL_ROWS][Tiles.WIDEST * N]}. */
    final float[] tile = new float[PANEL_ROWS * Tiles.WIDEST * N];

    /** For {@link Transpose}. */
    final MemorySegment square;

    final AttentionScratch attention;

    /** A single row of activations. */
    final BroadcastRow broadcast;

    /** The same, rounded. */
    final RoundedRows rounded;

    /** A block of activations. */
    final float[] block = new float[RepackedWeight.BLOCK];

    final RepackedScratch repacked;

    /** For encoding keys and values. */
    final EncodeScratch encode;

    private final Team team;

    /**
     * @param columns the longest weight row
     * @param repackedColumns the longest one that is repacked
     */
    Worker(
            Team team,
            int member,
            int columns,
            int repackedColumns,
            AttentionScratch attention,
            Arena arena) {
        this.team = team;
        this.member = member;
        this.members = team.members();
        this.attention = attention;
        broadcast = new BroadcastRow(repackedColumns);
        rounded = new RoundedRows(1, repackedColumns);
        repacked = new RepackedScratch(repackedColumns, arena);
        encode = new EncodeScratch(attention.dim, arena);
        panel = new float[PANEL_ROWS * panelStride(columns)];
        square = Native.allocate(arena, Transpose.SCRATCH, "scratch of a thread");
    }

    /**
     * Distance of decoded rows: not a power of two, which would put them all in the same cache
     * sets.
     */
    static int panelStride(int columns) {
        return Lanes.padded(columns) + 16;
    }

    /** The first unit of the {@code member}-th of {@code members} equal shares. */
    static int first(int units, int member, int members) {
        return (int) ((long) units * member / members);
    }

    /** The first of this member's units of {@code units}; the next member's first ends them. */
    int first(int units) {
        return first(units, member, members);
    }

    int end(int units) {
        return first(units, member + 1, members);
    }

    /** The first of this member's share of {@code count} outputs, in multiples of {@code unit}. */
    int first(int count, int unit) {
        return Math.min(count, first(Lanes.ceilDiv(count, unit)) * unit);
    }

    int end(int count, int unit) {
        return Math.min(count, end(Lanes.ceilDiv(count, unit)) * unit);
    }

    void barrier() {
        team.barrier(member);
    }
}
