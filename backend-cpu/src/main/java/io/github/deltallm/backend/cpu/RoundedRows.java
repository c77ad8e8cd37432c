package io.github.deltallm.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Rows of activations as whole numbers of steps, a step for each block of 32 columns, in the form
 * in which {@link FourBitKernels} multiplies words of four weights. A step is as small as sums of
 * four products may be that have 16 bits: about 2^-12 of the largest sum of four magnitudes. What a
 * row becomes does not depend on the rows beside it.
 */
final class RoundedRows {
    /** Rows that one kernel takes together; those that are left are taken one by one. */
    static final int GROUP = 4;

    /**
     * Numbers of a word and row: x0, x1 - 16 x0, x2 - 16 x1, x3 - 16 x2 of the word's four columns,
     * and {@link FourBitKernels#BIAS} less 8 (x0 + x1 + x2 + x3).
     */
    static final int FACTORS = 5;

    /** Steps are not smaller, so that their reciprocals are finite. */
    static final float LEAST_STEP = 0x1p-126f;

    /**
     * Steps in the largest sum of four magnitudes. Rounding may add half a step to each, which
     * makes 4095, and a weight from 0 to 15 stands for -8 to 7: so a word's sum is at most {@code 8
     * * 4095 = 32760}, and fits into 16 bits. One more step would not.
     */
    static final float STEPS = 4093;

    /** A block's sum is divided by this: so it is finite where all activations are. */
    static final float SUM_UNIT = 32;

    private static final int BLOCK = RepackedWeight.BLOCK;

    private final int[][] factors;
    private final float[][] steps;
    private final float[][] sums;

    /** Of a row; all members set it, to the same. */
    private int words;

    /**
     * @param rows at most
     * @param columns of the longest row, a multiple of 32
     */
    RoundedRows(int rows, int columns) {
        int groups = Lanes.ceilDiv(rows, GROUP);
        int inGroup = Math.min(rows, GROUP);
        factors = new int[groups][inGroup * columns / 4 * FACTORS];
        steps = new float[groups][inGroup * columns / BLOCK];
        sums = new float[groups][inGroup * columns / BLOCK];
    }

    /** How many of {@code rows} rows a kernel takes from {@code row} on: {@link #GROUP} or 1. */
    static int together(int row, int rows) {
        return rows - (row & -GROUP) >= GROUP ? GROUP : 1;
    }

    /**
     * Factors of the rows that a kernel takes from {@code row} on, {@code [word][row][FACTORS]}
     * from {@link #factorsAt} on. A factor fills both halves of its int, since registers of ints
     * are filled from memory without another instruction, and registers of shorts are not.
     */
    int[] factors(int row) {
        return factors[row / GROUP];
    }

    int factorsAt(int row) {
        return row % GROUP * words * FACTORS;
    }

    /**
     * What a step is, {@code [block][row]} from {@link #blocksAt} on; not finite where an
     * activation is not.
     */
    float[] steps(int row) {
        return steps[row / GROUP];
    }

    /**
     * Sums of a row's blocks, in {@link #SUM_UNIT}s, from {@link #blocksAt} on; activations are not
     * rounded for them.
     */
    float[] sums(int row) {
        return sums[row / GROUP];
    }

    int blocksAt(int row) {
        return row % GROUP * (words * 4 / BLOCK);
    }

    /** Takes this member's share of the first {@code rows} rows; the members then have to wait. */
    void take(Worker worker, Rows in, int rows) {
        words = in.width() / 4;
        int blocks = in.width() / BLOCK;
        for (int row = 0; row < rows; row++) {
            int together = together(row, rows);
            take(in, row, together, worker.first(blocks), worker.end(blocks), worker.block);
        }
    }

    /** Takes the first row alone. */
    void take(Worker worker, Rows in) {
        words = in.width() / 4;
        take(in, 0, 1, 0, in.width() / BLOCK, worker.block);
    }

    /**
     * Takes some of a row's blocks.
     *
     * @param together rows whose numbers lie among each other
     * @param values scratch for a block
     */
    private void take(Rows in, int row, int together, int first, int end, float[] values) {
        int member = together == 1 ? 0 : row % GROUP;
        int to = factorsAt(row - member) + member * FACTORS;
        int stepAt = blocksAt(row - member) + member;
        int stride = together * FACTORS;
        for (int block = first; block < end; block++) {
            long from = in.at(row) + 4L * BLOCK * block;
            MemorySegment.copy(in.data(), Lanes.FLOAT, from, values, 0, BLOCK);
            sums(row)[blocksAt(row) + block] = sum(values);
            float step = Math.max(largest(values) * (4 / STEPS), LEAST_STEP);
            steps(row)[stepAt + block * together] = step;
            round(values, 1 / step, factors(row), to + BLOCK / 4 * stride * block, stride);
        }
    }

    /** The sum divided by {@link #SUM_UNIT}, which is finite where all values are. */
    private static float sum(float[] values) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        for (int c = 0; c < BLOCK; c += 4) {
            s0 += values[c] * (1 / SUM_UNIT);
            s1 += values[c + 1] * (1 / SUM_UNIT);
            s2 += values[c + 2] * (1 / SUM_UNIT);
            s3 += values[c + 3] * (1 / SUM_UNIT);
        }
        return s0 + s1 + (s2 + s3);
    }

    /** A quarter of the largest sum of four magnitudes, which is always finite; or NaN. */
    private static float largest(float[] values) {
        float even = 0;
        float odd = 0;
        for (int c = 0; c < BLOCK; c += 8) {
            even = Math.max(even, quarter(values, c));
            odd = Math.max(odd, quarter(values, c + 4));
        }
        return Math.max(even, odd);
    }

    private static float quarter(float[] values, int c) {
        return 0.25f * Math.abs(values[c])
                + 0.25f * Math.abs(values[c + 1])
                + (0.25f * Math.abs(values[c + 2]) + 0.25f * Math.abs(values[c + 3]));
    }

    private static void round(float[] values, float inverse, int[] factors, int to, int stride) {
        for (int c = 0, at = to; c < BLOCK; c += 4, at += stride) {
            int x0 = rounded(values[c] * inverse);
            int x1 = rounded(values[c + 1] * inverse);
            int x2 = rounded(values[c + 2] * inverse);
            int x3 = rounded(values[c + 3] * inverse);
            factors[at] = twice(x0);
            factors[at + 1] = twice(x1 - 16 * x0);
            factors[at + 2] = twice(x2 - 16 * x1);
            factors[at + 3] = twice(x3 - 16 * x2);
            factors[at + 4] = twice(FourBitKernels.BIAS - 8 * (x0 + x1 + x2 + x3));
        }
    }

    /** Rounds to the nearest: 1.5 * 2^23 leaves no bits for a fraction. */
    private static int rounded(float steps) {
        float shifted = steps + 0x1.8p23f;
        return Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(0x1.8p23f);
    }

    /** The low 16 bits in both halves. */
    private static int twice(int value) {
        return (value & 0xFFFF) | (value << 16);
    }
}
