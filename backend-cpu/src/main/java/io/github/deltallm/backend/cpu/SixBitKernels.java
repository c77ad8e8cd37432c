package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

import java.lang.foreign.MemorySegment;

/**
 * Weights of 6 bits, from -32 to 31, in groups of 16 columns whose lanes are weight rows: three
 * words of 32 bits, {@code [3][N]}. A word has five columns' weights, the first in the lowest bits,
 * and at the top two bits of the sixteenth one, of which the first word has the lowest.
 */
final class SixBitKernels {
    /** Columns of a group. */
    static final int GROUP = 16;

    /** Words of a group. */
    static final int WORDS = 3;

    private SixBitKernels() {}

    /**
     * Unpacks the scales of four groups, a row's in the bytes of an int.
     *
     * @param heads {@code [N]} floats that they are multiplied by
     * @param scales get {@code [4][N]} floats, from {@code to} on
     */
    static void scales(MemorySegment w, long at, float[] heads, float[] scales, int to) {
        FloatVector head = FloatVector.fromArray(F, heads, 0);
        IntVector bytes = IntVector.fromMemorySegment(I, w, at, LE);
        for (int group = 0; group < 4; group++) {
            ((FloatVector) bytes.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0))
                    .mul(head)
                    .intoArray(scales, to + group * N);
            bytes = bytes.lanewise(LSHR, 8);
        }
    }

    /**
     * Adds the products of {@code N} rows' groups. A weight n becomes the float {@code 64 + n} by a
     * shift that puts it into the mantissa's highest bits; what is too much is taken from the sum
     * by the sum of the activations.
     *
     * @param w repacked weights, the groups' words from {@code at} on
     * @param first the first group's place in the row
     * @param scales {@code [group][N]}, from the first group on
     * @param results {@code [N]} floats
     */
    static void add(
            MemorySegment w,
            long at,
            int first,
            int groups,
            BroadcastRow x,
            float[] scales,
            float[] results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector result = FloatVector.fromArray(F, results, 0);
        for (int group = 0; group < groups; group++) {
            int c = (first + group) * GROUP;
            // Weights n are multiplied as 64 + n, and stand for n - 32.
            FloatVector r = FloatVector.broadcast(F, -96 * sums[first + group]);
            FloatVector s = FloatVector.zero(F);
            IntVector last = IntVector.zero(I);
            for (int word = 0; word < WORDS; word++) {
                long p = at + (long) (group * WORDS + word) * BYTES;
                int x5 = c + 5 * word;
                IntVector u = IntVector.fromMemorySegment(I, w, p, NATIVE);
                FloatVector m = FloatVector.broadcast(F, values[x5]);
                r =
                        u.lanewise(LSHL, 17)
                                .and(0x7E0000)
                                .or(0x42800000)
                                .reinterpretAsFloats()
                                .fma(m, r);
                m = FloatVector.broadcast(F, values[x5 + 1]);
                s =
                        u.lanewise(LSHL, 11)
                                .and(0x7E0000)
                                .or(0x42800000)
                                .reinterpretAsFloats()
                                .fma(m, s);
                m = FloatVector.broadcast(F, values[x5 + 2]);
                r =
                        u.lanewise(LSHL, 5)
                                .and(0x7E0000)
                                .or(0x42800000)
                                .reinterpretAsFloats()
                                .fma(m, r);
                m = FloatVector.broadcast(F, values[x5 + 3]);
                s =
                        u.lanewise(LSHR, 1)
                                .and(0x7E0000)
                                .or(0x42800000)
                                .reinterpretAsFloats()
                                .fma(m, s);
                m = FloatVector.broadcast(F, values[x5 + 4]);
                r =
                        u.lanewise(LSHR, 7)
                                .and(0x7E0000)
                                .or(0x42800000)
                                .reinterpretAsFloats()
                                .fma(m, r);
                last = last.lanewise(LSHR, 2).or(u.lanewise(LSHR, 9).and(0x600000));
            }
            FloatVector m = FloatVector.broadcast(F, values[c + 15]);
            s = last.or(0x42800000).reinterpretAsFloats().fma(m, s);
            result = r.add(s).fma(FloatVector.fromArray(F, scales, group * N), result);
        }
        result.intoArray(results, 0);
    }

    /**
     * Decodes a group of columns.
     *
     * @param scales {@code [N]} from {@code scale} on
     * @param columns gets {@code [16][N]} floats from {@code to} on
     */
    static void decode(
            MemorySegment w, long at, float[] scales, int scale, MemorySegment columns, long to) {
        FloatVector factor = FloatVector.fromArray(F, scales, scale);
        IntVector last = IntVector.zero(I);
        long column = to;
        for (int word = 0; word < WORDS; word++) {
            IntVector v = IntVector.fromMemorySegment(I, w, at + (long) word * BYTES, NATIVE);
            last = last.or(v.lanewise(LSHR, 30).lanewise(LSHL, 2 * word));
            for (int shift = 0; shift < 30; shift += 6, column += BYTES) {
                IntVector weight = v.lanewise(LSHR, shift).and(63).sub(32);
                ((FloatVector) weight.convert(I2F, 0))
                        .mul(factor)
                        .intoMemorySegment(columns, column, NATIVE);
            }
        }
        ((FloatVector) last.sub(32).convert(I2F, 0))
                .mul(factor)
                .intoMemorySegment(columns, column, NATIVE);
    }
}
