package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;

/**
 * Blocks of a matrix product whose lanes are the columns of x: {@code c[row] += sum_k w[row, k] *
 * x[k]}, with x packed as {@code [k][width * Lanes.N]}, weights row after row, and c as {@code
 * [row][width * Lanes.N]}.
 */
final class Tiles {
    /** The widest tile, in registers. */
    static final int WIDEST = 4;

    /**
     * Whether all accumulators of the kernels with 24 are registers. With 16 of them two registers
     * by six rows are half as fast again as one by twelve, which loads more, and whose indexes are
     * more to check.
     */
    private static final boolean MANY_REGISTERS = manyRegisters();

    /** The widest tile that a kernel takes at once. */
    private static final int FITTING = MANY_REGISTERS ? WIDEST : 2;

    /** A multiple of all numbers of rows that a kernel takes at a time. */
    static final int ROWS = 12;

    /**
     * Values of k that a pass over the rows takes: so many times the width fill two thirds of a
     * first-level cache of 48 KB.
     */
    private static final int DEPTH = 128;

    private Tiles() {}

    /** The system property is for machines on which the JVM is told to use fewer registers. */
    private static boolean manyRegisters() {
        int wanted = Integer.getInteger("deltallm.cpu.tile", 0);
        return wanted == 0 ? Processor.hasManyRegisters() : wanted > 1;
    }

    /** Rows that the kernel of a width takes at a time. */
    static int rowsAtATime(int width) {
        return switch (width) {
            case 4 -> 6;
            case 2 -> MANY_REGISTERS ? 12 : 6;
            default -> 12;
        };
    }

    /** Of 4, 2 and 1 the largest that is at most {@code registers}. */
    static int width(int registers) {
        return Math.min(WIDEST, Integer.highestOneBit(registers));
    }

    /** The same for packed activations, of tiles that fit the processor. */
    static int packedWidth(int registers) {
        return Math.min(FITTING, width(registers));
    }

    /** Values of k a pass for a width: 32 KB of x, but at most 256. */
    static int depth(int width) {
        return Math.min(256, DEPTH * WIDEST * 16 / (width * Lanes.N));
    }

    /**
     * Multiplies all k in passes that keep their part of x in the first-level cache.
     *
     * @param rows a multiple of {@link #rowsAtATime}
     * @param c accumulators from {@code at} on, set before
     */
    static void accumulate(
            int width,
            MemorySegment x,
            long xAt,
            int columns,
            float[] w,
            int w0,
            int stride,
            int rows,
            float[] c,
            int at) {
        int depth = depth(width);
        for (int k = 0; k < columns; k += depth) {
            int count = Math.min(depth, columns - k);
            pass(
                    width,
                    x,
                    xAt + (long) k * width * BYTES,
                    count,
                    w,
                    w0 + k,
                    stride,
                    1,
                    rows,
                    c,
                    at,
                    -1);
        }
    }

    /**
     * One pass over the rows.
     *
     * @param stride distance of rows in w
     * @param kStep distance of a row's values of k in w: 1 for rows, the length of a row for
     *     columns
     * @param zeros index in c of as many zeros as the kernel's accumulators, to begin from them;
     *     negative to begin from what c holds
     */
    static void pass(
            int width,
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int w0,
            int stride,
            int kStep,
            int rows,
            float[] c,
            int at,
            int zeros) {
        int step = rowsAtATime(width);
        int to = at;
        for (int row = 0; row < rows; row += step, to += step * width * Lanes.N) {
            int first = w0 + row * stride;
            int from = zeros < 0 ? to : zeros;
            if (width > 1 && !MANY_REGISTERS) {
                pairs(width, x, xAt, count, w, first, stride, kStep, c, from, to);
                continue;
            }
            switch (width) {
                case 4 -> TileKernels.tile4x6(x, xAt, count, w, first, stride, kStep, c, from, to);
                case 2 -> TileKernels.tile2x12(x, xAt, count, w, first, stride, kStep, c, from, to);
                default ->
                        TileKernels.tile1x12(x, xAt, count, w, first, stride, kStep, c, from, to);
            }
        }
    }

    /** The same for six rows, two registers of columns after the other. */
    private static void pairs(
            int width,
            MemorySegment x,
            long xAt,
            int count,
            float[] w,
            int first,
            int stride,
            int kStep,
            float[] c,
            int from,
            int to) {
        long xStep = (long) width * BYTES;
        int cStep = width * Lanes.N;
        for (int v = 0; v < width; v += 2) {
            long at = xAt + (long) v * BYTES;
            int column = v * Lanes.N;
            TileKernels.tile2x6(
                    x,
                    at,
                    xStep,
                    count,
                    w,
                    first,
                    stride,
                    kStep,
                    c,
                    cStep,
                    from + column,
                    to + column);
        }
    }
}
