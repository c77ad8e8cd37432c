package io.github.deltallm.backend.cpu;

import static io.github.deltallm.backend.cpu.Lanes.BYTES;
import static io.github.deltallm.backend.cpu.Lanes.F;
import static io.github.deltallm.backend.cpu.Lanes.H;
import static io.github.deltallm.backend.cpu.Lanes.I;
import static io.github.deltallm.backend.cpu.Lanes.LE;
import static io.github.deltallm.backend.cpu.Lanes.N;
import static io.github.deltallm.backend.cpu.Lanes.NATIVE;
import static io.github.deltallm.backend.cpu.RepackedKernels.UNIT;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

import java.lang.foreign.MemorySegment;

/**
 * A unit of a {@link FourBitWeight} times a row of activations: lanes are weight rows. A weight n
 * of a word becomes the float {@code 16 + n} by a shift that puts it into the mantissa's highest
 * bits; what is too much is taken from the sum by the sum of the activations. All stays in
 * registers.
 */
final class FourBitMatVec {
    private FourBitMatVec() {}

    /**
     * Q4_0.
     *
     * @param w repacked weights, the unit's from {@code at} on
     * @param results gets {@link RepackedKernels#UNIT} floats
     */
    static void q4v0(MemorySegment w, long at, int blocks, BroadcastRow x, MemorySegment results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        long p = at;
        for (int block = 0; block < blocks; block++) {
            long q = p;
            p += 2 * UNIT;
            // Weights n are multiplied as 16 + n, and stand for n - 8.
            FloatVector t0 =
                    FloatVector.broadcast(F, -24 * (sums[2 * block] + sums[2 * block + 1]));
            FloatVector t1 = t0;
            FloatVector t2 = t0;
            FloatVector t3 = t0;
            for (int c = block * 32; c < block * 32 + 32; c += 4, p += 2 * BYTES) {
                IntVector v = IntVector.fromMemorySegment(I, w, p, NATIVE);
                IntVector u = IntVector.fromMemorySegment(I, w, p + BYTES, NATIVE);
                FloatVector m = FloatVector.broadcast(F, values[c]);
                t0 =
                        v.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 1]);
                t0 =
                        v.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 2]);
                t0 =
                        v.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 3]);
                t0 =
                        v.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
            }
            r0 =
                    t0.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r0);
            r1 =
                    t1.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 2 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r1);
            r2 =
                    t2.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 4 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r2);
            r3 =
                    t3.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 6 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r3);
        }
        r0.intoMemorySegment(results, 0, NATIVE);
        r1.intoMemorySegment(results, BYTES, NATIVE);
        r2.intoMemorySegment(results, 2L * BYTES, NATIVE);
        r3.intoMemorySegment(results, 3L * BYTES, NATIVE);
    }

    /** As {@link #q4v0}, Q4_1. */
    static void q4v1(MemorySegment w, long at, int blocks, BroadcastRow x, MemorySegment results) {
        float[] values = x.values;
        float[] sums = x.sums;
        FloatVector r0 = FloatVector.zero(F);
        FloatVector r1 = r0;
        FloatVector r2 = r0;
        FloatVector r3 = r0;
        long p = at;
        for (int block = 0; block < blocks; block++) {
            long q = p;
            p += 4 * UNIT;
            float sum = sums[2 * block] + sums[2 * block + 1];
            FloatVector t0 = FloatVector.broadcast(F, -16 * sum);
            FloatVector t1 = t0;
            FloatVector t2 = t0;
            FloatVector t3 = t0;
            for (int c = block * 32; c < block * 32 + 32; c += 4, p += 2 * BYTES) {
                IntVector v = IntVector.fromMemorySegment(I, w, p, NATIVE);
                IntVector u = IntVector.fromMemorySegment(I, w, p + BYTES, NATIVE);
                FloatVector m = FloatVector.broadcast(F, values[c]);
                t0 =
                        v.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 19)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHL, 3)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 1]);
                t0 =
                        v.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 15)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 1)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 2]);
                t0 =
                        v.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 11)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 5)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
                m = FloatVector.broadcast(F, values[c + 3]);
                t0 =
                        v.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t0);
                t1 =
                        v.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t1);
                t2 =
                        u.lanewise(LSHL, 7)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t2);
                t3 =
                        u.lanewise(LSHR, 9)
                                .and(0x780000)
                                .or(0x41800000)
                                .reinterpretAsFloats()
                                .fma(m, t3);
            }
            FloatVector n = FloatVector.broadcast(F, sum);
            r0 =
                    t0.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r0);
            r0 =
                    n.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 2 * UNIT, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r0);
            r1 =
                    t1.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 2 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r1);
            r1 =
                    n.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            H, w, q + 2 * UNIT + 2 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r1);
            r2 =
                    t2.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 4 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r2);
            r2 =
                    n.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            H, w, q + 2 * UNIT + 4 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r2);
            r3 =
                    t3.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(H, w, q + 6 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r3);
            r3 =
                    n.fma(
                            ((IntVector)
                                            ShortVector.fromMemorySegment(
                                                            H, w, q + 2 * UNIT + 6 * N, LE)
                                                    .convertShape(S2I, I, 0))
                                    .lanewise(LSHL, 13)
                                    .and(0x8FFFE000)
                                    .reinterpretAsFloats()
                                    .mul(0x1p112f),
                            r3);
        }
        r0.intoMemorySegment(results, 0, NATIVE);
        r1.intoMemorySegment(results, BYTES, NATIVE);
        r2.intoMemorySegment(results, 2L * BYTES, NATIVE);
        r3.intoMemorySegment(results, 3L * BYTES, NATIVE);
    }
}
