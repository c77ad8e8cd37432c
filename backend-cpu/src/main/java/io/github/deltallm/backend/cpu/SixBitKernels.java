package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;

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
     * The products of {@code N} rows. A weight n becomes the float {@code 64 + n} by a shift that
     * puts it into the mantissa's highest bits; what is too much is taken from the sum by the sum
     * of the activations.
     *
     * @param w repacked weights, the unit's words from {@code at} on
     * @param scales, {@code [group][N]}
     * @param results gets {@code [N]} floats
     */
    static void multiply(
            MemorySegment w,
            long at,
            int groups,
            BroadcastRow x,
            MemorySegment scales,
            float[] results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector result = FloatVector.zero(F);
        for (int group = 0; group < groups; group++) {
            long p = at + (long) group * WORDS * BYTES;
            int c = group * GROUP;
            IntVector u = IntVector.fromMemorySegment(I, w, p, NATIVE);
            IntVector v = IntVector.fromMemorySegment(I, w, p + BYTES, NATIVE);
            IntVector z = IntVector.fromMemorySegment(I, w, p + 2 * BYTES, NATIVE);
            // Weights n are multiplied as 64 + n, and stand for n - 32.
            FloatVector r = FloatVector.broadcast(F, -96 * sums[group]);
            FloatVector s = FloatVector.zero(F);
            FloatVector t = s;
            FloatVector m = FloatVector.broadcast(F, values[c]);
            r = u.lanewise(LSHL, 17).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, r);
            m = FloatVector.broadcast(F, values[c + 5]);
            s = v.lanewise(LSHL, 17).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, s);
            m = FloatVector.broadcast(F, values[c + 10]);
            t = z.lanewise(LSHL, 17).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, t);
            m = FloatVector.broadcast(F, values[c + 1]);
            r = u.lanewise(LSHL, 11).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, r);
            m = FloatVector.broadcast(F, values[c + 6]);
            s = v.lanewise(LSHL, 11).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, s);
            m = FloatVector.broadcast(F, values[c + 11]);
            t = z.lanewise(LSHL, 11).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, t);
            m = FloatVector.broadcast(F, values[c + 2]);
            r = u.lanewise(LSHL, 5).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, r);
            m = FloatVector.broadcast(F, values[c + 7]);
            s = v.lanewise(LSHL, 5).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, s);
            m = FloatVector.broadcast(F, values[c + 12]);
            t = z.lanewise(LSHL, 5).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, t);
            m = FloatVector.broadcast(F, values[c + 3]);
            r = u.lanewise(LSHR, 1).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, r);
            m = FloatVector.broadcast(F, values[c + 8]);
            s = v.lanewise(LSHR, 1).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, s);
            m = FloatVector.broadcast(F, values[c + 13]);
            t = z.lanewise(LSHR, 1).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, t);
            m = FloatVector.broadcast(F, values[c + 4]);
            r = u.lanewise(LSHR, 7).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, r);
            m = FloatVector.broadcast(F, values[c + 9]);
            s = v.lanewise(LSHR, 7).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, s);
            m = FloatVector.broadcast(F, values[c + 14]);
            t = z.lanewise(LSHR, 7).and(0x7E0000).or(0x42800000).reinterpretAsFloats().fma(m, t);
            m = FloatVector.broadcast(F, values[c + 15]);
            IntVector last =
                    u.lanewise(LSHR, 13)
                            .and(0x60000)
                            .or(v.lanewise(LSHR, 11).and(0x180000))
                            .or(z.lanewise(LSHR, 9).and(0x600000))
                            .or(0x42800000);
            r = last.reinterpretAsFloats().fma(m, r);
            FloatVector scale =
                    FloatVector.fromMemorySegment(F, scales, (long) group * BYTES, NATIVE);
            result = r.add(s).add(t).fma(scale, result);
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
            MemorySegment w,
            long at,
            MemorySegment scales,
            long scale,
            MemorySegment columns,
            long to) {
        FloatVector factor = FloatVector.fromMemorySegment(F, scales, scale, NATIVE);
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
