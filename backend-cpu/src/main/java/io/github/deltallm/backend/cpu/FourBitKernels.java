package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.Lanes.S;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * The words of a {@link FourBitWeight}: how a {@link RoundedRow} is multiplied with them, and how
 * they are decoded. Lanes are weight rows. A unit's words have 16 bits, for the weights of four
 * columns, the first one in the lowest bits, and lie as {@code [word][UNIT]}.
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

    private static final int WORDS = RepackedWeight.BLOCK / 4;

    private FourBitKernels() {}

    /**
     * Adds the products of a row's blocks to the results.
     *
     * @param w repacked weights, the unit's words from {@code at} on
     * @param scales of the blocks as {@link #begin} leaves them, {@code [block][UNIT]}
     * @param results {@code [UNIT]} floats
     */
    static void add(
            MemorySegment w,
            long at,
            int blocks,
            RoundedRow x,
            float[] scales,
            MemorySegment results) {
        FloatVector r0 = FloatVector.fromMemorySegment(F, results, 0, NATIVE);
        FloatVector r1 = FloatVector.fromMemorySegment(F, results, BYTES, NATIVE);
        FloatVector r2 = FloatVector.fromMemorySegment(F, results, 2L * BYTES, NATIVE);
        FloatVector r3 = FloatVector.fromMemorySegment(F, results, 3L * BYTES, NATIVE);
        short[] factors = x.factors;
        short[] biases = x.biases;
        for (int block = 0; block < blocks; block++) {
            // So that a word's bias is taken back; its multiples of 2^32 vanish.
            IntVector all0 = IntVector.broadcast(I, -WORDS * BIAS);
            IntVector all1 = all0;
            IntVector high0 = all0;
            IntVector high1 = all0;
            long p = at + block * (WORDS * 2L * UNIT);
            int end = (block + 1) * WORDS;
            for (int word = end - WORDS; word < end; word++, p += 2 * BYTES) {
                ShortVector bias = ShortVector.broadcast(S, biases[word]);
                ShortVector x0 = ShortVector.broadcast(S, factors[4 * word]);
                ShortVector x1 = ShortVector.broadcast(S, factors[4 * word + 1]);
                ShortVector x2 = ShortVector.broadcast(S, factors[4 * word + 2]);
                ShortVector x3 = ShortVector.broadcast(S, factors[4 * word + 3]);
                ShortVector v = ShortVector.fromMemorySegment(S, w, p, NATIVE);
                IntVector sum =
                        v.mul(x0)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2))
                                .add(v.lanewise(LSHR, 12).mul(x3))
                                .add(bias)
                                .reinterpretAsInts();
                all0 = all0.add(sum);
                high0 = high0.add(sum.lanewise(LSHR, 16));
                v = ShortVector.fromMemorySegment(S, w, p + BYTES, NATIVE);
                sum =
                        v.mul(x0)
                                .add(v.lanewise(LSHR, 4).mul(x1))
                                .add(v.lanewise(LSHR, 8).mul(x2))
                                .add(v.lanewise(LSHR, 12).mul(x3))
                                .add(bias)
                                .reinterpretAsInts();
                all1 = all1.add(sum);
                high1 = high1.add(sum.lanewise(LSHR, 16));
            }
            IntVector low0 = all0.sub(high0.lanewise(LSHL, 16));
            IntVector low1 = all1.sub(high1.lanewise(LSHL, 16));
            int s = block * UNIT;
            r0 = ((FloatVector) low0.convert(I2F, 0)).fma(FloatVector.fromArray(F, scales, s), r0);
            r1 =
                    ((FloatVector) high0.convert(I2F, 0))
                            .fma(FloatVector.fromArray(F, scales, s + N), r1);
            r2 =
                    ((FloatVector) low1.convert(I2F, 0))
                            .fma(FloatVector.fromArray(F, scales, s + 2 * N), r2);
            r3 =
                    ((FloatVector) high1.convert(I2F, 0))
                            .fma(FloatVector.fromArray(F, scales, s + 3 * N), r3);
        }
        r0.intoMemorySegment(results, 0, NATIVE);
        r1.intoMemorySegment(results, BYTES, NATIVE);
        r2.intoMemorySegment(results, 2L * BYTES, NATIVE);
        r3.intoMemorySegment(results, 3L * BYTES, NATIVE);
    }

    /**
     * Prepares the scales of a unit for {@link #add}: multiplies them by the blocks' steps, and
     * sets the results to what does not depend on the weights.
     *
     * @param scales what weights from 0 to 15 are multiplied by, {@code [block][UNIT]}
     * @param minima what is added then
     */
    static void begin(
            float[] scales, float[] minima, int blocks, RoundedRow x, MemorySegment results) {
        for (int row = 0; row < UNIT; row += N) {
            FloatVector result = FloatVector.zero(F);
            for (int block = 0, at = row; block < blocks; block++, at += UNIT) {
                FloatVector scale = FloatVector.fromArray(F, scales, at);
                // Weights n are multiplied as n - 8; a sum times 0 may be NaN, if it is infinite.
                FloatVector rest = scale.mul(8).add(FloatVector.fromArray(F, minima, at));
                FloatVector more = rest.fma(FloatVector.broadcast(F, x.sums[block]), result);
                result = result.blend(more, rest.compare(NE, 0));
                scale.mul(x.steps[block]).intoArray(scales, at);
            }
            result.intoMemorySegment(results, 4L * row, NATIVE);
        }
    }

    /**
     * Decodes 32 columns of {@link Lanes#N} rows with weights of 4 bits.
     *
     * @param at offset of the unit's words
     * @param row the first row of the unit, a multiple of N
     * @param scales what weights from 0 to 15 are multiplied by, one a row of the unit
     * @param minima what is added then
     * @param columns {@code [32][N]} floats
     */
    static void decode(
            MemorySegment w,
            long at,
            int row,
            float[] scales,
            float[] minima,
            MemorySegment columns) {
        FloatVector scale = FloatVector.fromArray(F, scales, row);
        FloatVector minimum = FloatVector.fromArray(F, minima, row);
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
