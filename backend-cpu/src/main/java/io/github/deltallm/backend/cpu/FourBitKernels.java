package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.Lanes.S;
import static io.github.deltallm.backend.cpu.RoundedRows.FACTORS;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * The words of a {@link RoundedWeight}: how {@link RoundedRows} are multiplied with them, and how
 * those of a {@link FourBitWeight} are decoded. Lanes are weight rows. A unit's words have 16 bits,
 * for the weights of four columns, the first one in the lowest bits, and lie as {@code
 * [word][UNIT]}.
 *
 * <p>The four weights of a word need no mask: modulo 2^16 {@code w x0 + (w >>> 4)(x1 - 16 x0) + (w
 * >>> 8)(x2 - 16 x1) + (w >>> 12)(x3 - 16 x2)} is {@code n0 x0 + n1 x1 + n2 x2 + n3 x3}, and the
 * row is rounded so that this less 8 times the sum of the x has 16 bits. So it is exact. A register
 * holds two words a lane of ints; their sums are widened apart: the high ones by a shift, the low
 * ones as what the sum of all is more than that of the high ones.
 */
final class FourBitKernels {
    /** Rows of a unit: two registers of words. */
    static final int UNIT = 4 * N;

    /** Added to a word's sum, so that it is not negative. */
    static final int BIAS = 1 << 15;

    /** Words of a block. */
    static final int WORDS = RepackedWeight.BLOCK / 4;

    private FourBitKernels() {}

    /**
     * Adds the products of a row's blocks to the results.
     *
     * @param w repacked weights, the unit's words from {@code at} on
     * @param x the row's {@link RoundedRows#factors}, from {@code xAt} on
     * @param steps of the row, from {@code stepAt} on
     * @param scales what weights are multiplied by, {@code [block][UNIT]}
     * @param results {@code [UNIT]} floats
     */
    static void add(
            MemorySegment w,
            long at,
            int blocks,
            int[] x,
            int xAt,
            float[] steps,
            int stepAt,
            float[] scales,
            float[] results) {
        FloatVector r0 = FloatVector.fromArray(F, results, 0);
        FloatVector r1 = FloatVector.fromArray(F, results, N);
        FloatVector r2 = FloatVector.fromArray(F, results, 2 * N);
        FloatVector r3 = FloatVector.fromArray(F, results, 3 * N);
        for (int block = 0; block < blocks; block++) {
            // So that a word's bias is taken back; its multiples of 2^32 vanish.
            IntVector all0 = IntVector.broadcast(I, -WORDS * BIAS);
            IntVector all1 = all0;
            IntVector high0 = all0;
            IntVector high1 = all0;
            for (int word = 0; word < WORDS; word++) {
                long p = at + (block * WORDS + word) * (2L * BYTES);
                int j = xAt + (block * WORDS + word) * FACTORS;
                ShortVector x0 = IntVector.broadcast(I, x[j]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(I, x[j + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(I, x[j + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(I, x[j + 3]).reinterpretAsShorts();
                ShortVector bias = IntVector.broadcast(I, x[j + 4]).reinterpretAsShorts();
                ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
                IntVector sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2).add(v.lanewise(LSHR, 12).mul(x3)))
                                .reinterpretAsInts();
                all0 = all0.add(sum);
                high0 = high0.add(sum.lanewise(LSHR, 16));
                v = ShortVector.fromMemorySegment(S, w, p + BYTES, NATIVE);
                sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2).add(v.lanewise(LSHR, 12).mul(x3)))
                                .reinterpretAsInts();
                all1 = all1.add(sum);
                high1 = high1.add(sum.lanewise(LSHR, 16));
            }
            IntVector low0 = all0.sub(high0.lanewise(LSHL, 16));
            IntVector low1 = all1.sub(high1.lanewise(LSHL, 16));
            int s = block * (4 * N);
            float step = steps[stepAt + block];
            FloatVector scale = FloatVector.fromArray(F, scales, s).mul(step);
            r0 = ((FloatVector) low0.convert(I2F, 0)).fma(scale, r0);
            scale = FloatVector.fromArray(F, scales, s + N).mul(step);
            r1 = ((FloatVector) high0.convert(I2F, 0)).fma(scale, r1);
            scale = FloatVector.fromArray(F, scales, s + 2 * N).mul(step);
            r2 = ((FloatVector) low1.convert(I2F, 0)).fma(scale, r2);
            scale = FloatVector.fromArray(F, scales, s + 3 * N).mul(step);
            r3 = ((FloatVector) high1.convert(I2F, 0)).fma(scale, r3);
        }
        r0.intoArray(results, 0);
        r1.intoArray(results, N);
        r2.intoArray(results, 2 * N);
        r3.intoArray(results, 3 * N);
    }

    /**
     * Sets the results to the products of a single row's blocks, with scales as they are in memory,
     * f16: to unpack them first would take as long as to read them.
     *
     * @param scales offset of the blocks' scales
     * @param scaleRows of them a block: UNIT, or half as many if both registers have the same
     * @param second what the scales of the second register are multiplied by
     * @param sums of the row's blocks
     * @param rest what a sum times a scale of the first register is multiplied by
     * @param rests get that for the first register's rows
     */
    static void multiply(
            MemorySegment w,
            long at,
            int blocks,
            int[] x,
            float[] steps,
            long scales,
            int scaleRows,
            float second,
            float[] sums,
            float rest,
            float[] rests,
            float[] results) {
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        FloatVector rest0 = r0;
        FloatVector rest1 = r0;
        long other = 2L * scaleRows - 4L * N;
        for (int block = 0; block < blocks; block++) {
            // So that a word's bias is taken back; its multiples of 2^32 vanish.
            IntVector all0 = IntVector.broadcast(I, -WORDS * BIAS);
            IntVector all1 = all0;
            IntVector high0 = all0;
            IntVector high1 = all0;
            for (int word = 0; word < WORDS; word++) {
                long p = at + (block * WORDS + word) * (2L * BYTES);
                int j = (block * WORDS + word) * FACTORS;
                ShortVector x0 = IntVector.broadcast(I, x[j]).reinterpretAsShorts();
                ShortVector x1 = IntVector.broadcast(I, x[j + 1]).reinterpretAsShorts();
                ShortVector x2 = IntVector.broadcast(I, x[j + 2]).reinterpretAsShorts();
                ShortVector x3 = IntVector.broadcast(I, x[j + 3]).reinterpretAsShorts();
                ShortVector bias = IntVector.broadcast(I, x[j + 4]).reinterpretAsShorts();
                ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
                IntVector sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2).add(v.lanewise(LSHR, 12).mul(x3)))
                                .reinterpretAsInts();
                all0 = all0.add(sum);
                high0 = high0.add(sum.lanewise(LSHR, 16));
                v = ShortVector.fromMemorySegment(S, w, p + BYTES, NATIVE);
                sum =
                        v.mul(x0)
                                .add(bias)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2).add(v.lanewise(LSHR, 12).mul(x3)))
                                .reinterpretAsInts();
                all1 = all1.add(sum);
                high1 = high1.add(sum.lanewise(LSHR, 16));
            }
            IntVector low0 = all0.sub(high0.lanewise(LSHL, 16));
            IntVector low1 = all1.sub(high1.lanewise(LSHL, 16));
            long s = scales + block * 2L * scaleRows;
            float step = steps[block];
            FloatVector scale =
                    ((IntVector) ShortVector.fromMemorySegment(H, w, s, LE).convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .mul(0x1p112f);
            r0 = ((FloatVector) low0.convert(I2F, 0)).fma(scale.mul(step), r0);
            if (rest != 0) {
                rest0 = scale.mul(rest).fma(FloatVector.broadcast(F, sums[block]), rest0);
            }
            scale =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, w, s + 2L * N, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .mul(0x1p112f);
            r1 = ((FloatVector) high0.convert(I2F, 0)).fma(scale.mul(step), r1);
            if (rest != 0) {
                rest1 = scale.mul(rest).fma(FloatVector.broadcast(F, sums[block]), rest1);
            }
            s += other;
            step *= second;
            scale =
                    ((IntVector) ShortVector.fromMemorySegment(H, w, s, LE).convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .mul(0x1p112f);
            r2 = ((FloatVector) low1.convert(I2F, 0)).fma(scale.mul(step), r2);
            scale =
                    ((IntVector)
                                    ShortVector.fromMemorySegment(H, w, s + 2L * N, LE)
                                            .convertShape(S2I, I, 0))
                            .lanewise(LSHL, 13)
                            .and(0x8FFFE000)
                            .reinterpretAsFloats()
                            .mul(0x1p112f);
            r3 = ((FloatVector) high1.convert(I2F, 0)).fma(scale.mul(step), r3);
        }
        rest0.intoArray(rests, 0);
        rest1.intoArray(rests, N);
        r0.intoArray(results, 0);
        r1.intoArray(results, N);
        r2.intoArray(results, 2 * N);
        r3.intoArray(results, 3 * N);
    }

    /**
     * Sets a row's rests to what does not depend on the weights, or adds it.
     *
     * @param factors what the blocks' sums are multiplied by, {@code [block][UNIT]}
     * @param sums of the row's blocks, from {@code at} on
     * @param add to what is there
     * @param to where the row's rests begin
     */
    static void rests(
            float[] factors, int blocks, float[] sums, int at, boolean add, float[] rests, int to) {
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        if (add) {
            r0 = FloatVector.fromArray(F, rests, to);
            r1 = FloatVector.fromArray(F, rests, to + N);
            r2 = FloatVector.fromArray(F, rests, to + 2 * N);
            r3 = FloatVector.fromArray(F, rests, to + 3 * N);
        }
        for (int block = 0; block < blocks; block++) {
            int p = block * (4 * N);
            FloatVector sum = FloatVector.broadcast(F, sums[at + block]);
            r0 = sum.fma(FloatVector.fromArray(F, factors, p), r0);
            r1 = sum.fma(FloatVector.fromArray(F, factors, p + N), r1);
            r2 = sum.fma(FloatVector.fromArray(F, factors, p + 2 * N), r2);
            r3 = sum.fma(FloatVector.fromArray(F, factors, p + 3 * N), r3);
        }
        r0.intoArray(rests, to);
        r1.intoArray(rests, to + N);
        r2.intoArray(rests, to + 2 * N);
        r3.intoArray(rests, to + 3 * N);
    }

    /** Adds a row's rests to its results, both from {@code at} on. */
    static void join(float[] results, float[] rests, int at) {
        for (int row = at; row < at + UNIT; row += N) {
            FloatVector.fromArray(F, results, row)
                    .add(FloatVector.fromArray(F, rests, row))
                    .intoArray(results, row);
        }
    }

    /**
     * Decodes 32 columns of {@link Lanes#N} rows with weights of 4 bits.
     *
     * @param at offset of the unit's words
     * @param row the first row of the unit, a multiple of N
     * @param scales what weights from 0 to 15 are multiplied by, {@code [N]}
     * @param minima what is added then, {@code [N]}
     * @param columns {@code [32][N]} floats
     */
    static void decode(
            MemorySegment w,
            long at,
            int row,
            float[] scales,
            float[] minima,
            MemorySegment columns) {
        FloatVector scale = FloatVector.fromArray(F, scales, 0);
        FloatVector minimum = FloatVector.fromArray(F, minima, 0);
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
